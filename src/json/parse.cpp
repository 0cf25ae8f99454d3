#include <fmt/format.h>

#include "json/builder.h"
#include "json/json.h"

namespace farholm::json {
namespace {

// "[json.exception.parse_error.101] parse error at line 1, column 2: …" without what only matters to C++.
std::string readable(std::string_view message) {
  if (const auto end = message.find("] "); message.starts_with('[') && end != std::string_view::npos) {
    message.remove_prefix(end + 2);
  }
  return std::string(message);
}

class Handler final : public nlohmann::json_sax<Value> {
 public:
  explicit Handler(Builder& builder) : builder_(builder) {}

  bool null() override { return builder_.scalar(nullptr); }
  bool boolean(bool value) override { return builder_.scalar(value); }
  bool number_integer(number_integer_t value) override { return builder_.scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return builder_.scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return builder_.scalar(value); }
  bool string(string_t& value) override { return builder_.scalar(std::move(value)); }
  bool binary(binary_t&) override { return builder_.refuse(ErrorCode::BadRequest, "binary value"); }
  bool start_object(std::size_t) override { return builder_.begin(Value::object()); }
  bool key(string_t& name) override { return builder_.member(std::move(name)); }
  bool end_object() override { return end(); }
  bool start_array(std::size_t) override { return builder_.begin(Value::array()); }
  bool end_array() override { return end(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    return builder_.refuse(ErrorCode::BadRequest,
                           fmt::format("this is not JSON: {}", readable(error.what())));
  }

 private:
  bool end() {
    builder_.end();
    return true;
  }
  Builder& builder_;
};

Result<Value> parse_with(std::string_view text, std::vector<std::string>* duplicates, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::RequestEntityTooLarge,
                fmt::format("it is longer than the {} bytes that are allowed", limits.bytes_max));
  }
  Builder builder(limits, duplicates);
  Handler handler(builder);
  const bool complete = Value::sax_parse(text.begin(), text.end(), &handler);
  if (builder.error() != nullptr) return std::unexpected(*builder.error());
  if (!complete) return fail(ErrorCode::BadRequest, "this is not JSON");
  return std::move(builder.root());
}

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
  return parse_with(text, nullptr, limits);
}

Result<Value> parse_lenient(std::string_view text, std::vector<std::string>& duplicates,
                            const Limits& limits) {
  return parse_with(text, &duplicates, limits);
}

}  // namespace farholm::json
