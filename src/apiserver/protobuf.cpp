#include "apiserver/protobuf.h"

#include "base/encoding.h"
#include "io/clock.h"
#include "object/timestamp.h"

namespace farholm::apiserver {

namespace {

using Type = ProtobufField::Type;

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::BadRequest, "the protobuf body is malformed: " + std::string(what));
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  const auto at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  while (i < text.size()) {
    const unsigned char lead = at(i);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((at(i + k) & 0xC0U) != 0x80U) return false;
    if (length == 3 && ((lead == 0xE0 && at(i + 1) < 0xA0) || (lead == 0xED && at(i + 1) >= 0xA0)))
      return false;
    if (length == 4 && ((lead == 0xF0 && at(i + 1) < 0x90) || (lead == 0xF4 && at(i + 1) >= 0x90)))
      return false;
    i += length;
  }
  return true;
}

// One field of the wire format.
struct WireField {
  unsigned number = 0;
  unsigned wire_type = 0;
  std::uint64_t number_value = 0;  // varint
  std::string_view bytes;          // length-delimited
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  Result<WireField> next() {
    FARHOLM_TRY(const std::uint64_t tag, varint());
    WireField field;
    field.number = static_cast<unsigned>(tag >> 3U);
    field.wire_type = static_cast<unsigned>(tag & 7U);
    if (field.number == 0) return bad("a field has the number 0");
    switch (field.wire_type) {
      case 0: {
        FARHOLM_TRY(field.number_value, varint());
        return field;
      }
      case 1:
        return take(field, 8);
      case 2: {
        FARHOLM_TRY(const std::uint64_t length, varint());
        return take(field, length);
      }
      case 5:
        return take(field, 4);
      default:
        return bad("a field has a wire type that is not in use");
    }
  }

 private:
  Result<WireField> take(WireField& field, std::uint64_t length) {
    if (length > rest_.size()) return bad("a field is longer than the body");
    field.bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return field;
  }
  Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return bad("it ends within a number");
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    return bad("a number is longer than 64 bits");
  }
  std::string_view rest_;
};

class Decoder {
 public:
  Result<json::Value> message(const ProtobufMessage& message, std::string_view bytes) {
    json::Value object = json::Value::object();
    WireReader reader(bytes);
    while (!reader.done()) {
      FARHOLM_TRY(const WireField wire, reader.next());
      for (const auto& field : message.fields) {
        if (field.number != wire.number) continue;
        FARHOLM_CHECK(put(object, field, wire));
        break;
      }
    }
    return object;
  }

 private:
  Result<void> put(json::Value& object, const ProtobufField& field, const WireField& wire) {
    if (++values_ > kProtobufValuesMax) return bad("it has too many values");
    const bool wants_number = field.type == Type::Integer || field.type == Type::Boolean;
    if (wire.wire_type != (wants_number ? 0U : 2U))
      return bad(std::string(field.name) + " has the wrong wire type");
    if (field.type == Type::StringMap || field.type == Type::BytesMap)
      return put_entry(object[field.name], field, wire.bytes);
    FARHOLM_TRY(json::Value one, value(field, wire));
    if (field.repeated)
      object[field.name].push_back(std::move(one));
    else if (field.keep_zero || !is_zero(one))
      object[field.name] = std::move(one);
    return {};
  }

  static bool is_zero(const json::Value& value) {
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    if (value.is_number()) return value == 0;
    return value.is_null() || (value.is_boolean() && !value.get<bool>());
  }

  Result<json::Value> value(const ProtobufField& field, const WireField& wire) {
    switch (field.type) {
      case Type::String:
        return text(wire.bytes);
      case Type::Bytes:
        return json::Value(to_base64(as_bytes(wire.bytes)));
      case Type::Integer:
        return json::Value(static_cast<std::int64_t>(wire.number_value));
      case Type::Boolean:
        return json::Value(wire.number_value != 0);
      case Type::Message:
        return message(*field.message, wire.bytes);
      case Type::Time:
      case Type::MicroTime:
        return time(wire.bytes, field.type == Type::MicroTime);
      case Type::RawJson:
        return raw_json(wire.bytes);
      case Type::StringMap:
      case Type::BytesMap:
        break;
    }
    return json::Value();
  }

  static Result<json::Value> text(std::string_view bytes) {
    if (!is_utf8(bytes)) return bad("a string is not UTF-8");
    return json::Value(std::string(bytes));
  }

  static Result<void> put_entry(json::Value& map, const ProtobufField& field, std::string_view bytes) {
    if (!map.is_object()) map = json::Value::object();
    std::string_view key;
    std::string_view value;
    WireReader reader(bytes);
    while (!reader.done()) {
      FARHOLM_TRY(const WireField wire, reader.next());
      if (wire.number == 1) key = wire.bytes;
      if (wire.number == 2) value = wire.bytes;
    }
    if (!is_utf8(key)) return bad("a key is not UTF-8");
    if (field.type == Type::BytesMap) {
      map[std::string(key)] = to_base64(as_bytes(value));
      return {};
    }
    FARHOLM_TRY(map[std::string(key)], text(value));
    return {};
  }

  static Result<json::Value> time(std::string_view bytes, bool micro) {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    WireReader reader(bytes);
    while (!reader.done()) {
      FARHOLM_TRY(const WireField wire, reader.next());
      if (wire.number == 1) seconds = static_cast<std::int64_t>(wire.number_value);
      if (wire.number == 2) nanos = static_cast<std::int64_t>(wire.number_value);
    }
    if (bytes.empty()) return json::Value();             // Go's zero time
    constexpr std::int64_t kSecondsMax = 9'000'000'000;  // what WallTime can hold
    if (seconds < -kSecondsMax || seconds > kSecondsMax || nanos < 0 || nanos > 999'999'999)
      return bad("a time is out of range");
    const io::WallTime when{std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos)};
    return json::Value(micro ? object::to_rfc3339_micro(when) : io::to_rfc3339(when));
  }

  static Result<json::Value> raw_json(std::string_view bytes) {
    WireReader reader(bytes);
    std::string_view raw = "{}";
    while (!reader.done()) {
      FARHOLM_TRY(const WireField wire, reader.next());
      if (wire.number == 1) raw = wire.bytes;
    }
    return json::parse(raw);
  }

  std::size_t values_ = 0;
};

}  // namespace

Result<json::Value> decode_protobuf_message(const ProtobufMessage& message, std::string_view bytes) {
  return Decoder().message(message, bytes);
}

Result<json::Value> decode_protobuf_body(std::string_view body) {
  constexpr std::string_view kMagic("k8s\0", 4);
  if (!body.starts_with(kMagic)) return bad("it does not begin with \"k8s\" and a zero byte");
  std::string_view type_meta;
  std::string_view raw;
  WireReader unknown(body.substr(kMagic.size()));
  while (!unknown.done()) {
    FARHOLM_TRY(const WireField wire, unknown.next());
    if (wire.number == 1) type_meta = wire.bytes;
    if (wire.number == 2) raw = wire.bytes;
  }
  static constexpr ProtobufField kTypeFields[] = {{1, "apiVersion"}, {2, "kind"}};
  FARHOLM_TRY(const json::Value type, decode_protobuf_message({kTypeFields}, type_meta));
  const auto api_version = json::string_or(type, "apiVersion");
  const auto kind = json::string_or(type, "kind");
  const auto* message = protobuf_message_of(api_version, kind);
  if (!message)
    return fail(ErrorCode::BadRequest,
                "no kind \"" + kind + "\" is registered for version \"" + api_version + "\"");
  FARHOLM_TRY(json::Value object, decode_protobuf_message(*message, raw));
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  return object;
}

}  // namespace farholm::apiserver
