// Kubernetes' protobuf request bodies, as JSON: clients since 1.32 send them for every built-in kind and
// never fall back. Only reading; answers are JSON. Table-driven: what a message's fields are is data
// (protobuf_kinds.cpp). Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "json/json.h"

namespace farholm::apiserver {

inline constexpr std::size_t kProtobufValuesMax = 200'000;

struct ProtobufMessage;

struct ProtobufField {
  enum class Type : std::uint8_t {
    String,
    Bytes,  // base64 in JSON
    Integer,
    Boolean,
    Message,
    Time,       // metav1.Time: RFC 3339 to the second
    MicroTime,  // metav1.MicroTime
    StringMap,
    BytesMap,
    RawJson,  // a message whose field 1 is JSON text
  };
  unsigned number;
  const char* name;
  Type type = Type::String;
  bool repeated = false;
  bool keep_zero = false;  // a pointer in Go: false and 0 are said on purpose
  const ProtobufMessage* message = nullptr;
};

struct ProtobufMessage {
  std::span<const ProtobufField> fields;
};

// A body: the magic "k8s\0", then runtime.Unknown around the message (apimachinery,
// pkg/runtime/generated.proto). The object with apiVersion and kind; BadRequest for anything else, and for
// kinds that are not known here.
Result<json::Value> decode_protobuf_body(std::string_view body);

// One message; for decode_protobuf_body and its tests.
Result<json::Value> decode_protobuf_message(const ProtobufMessage& message, std::string_view bytes);

// The message of a kind, or nullptr.
const ProtobufMessage* protobuf_message_of(std::string_view api_version, std::string_view kind);

}  // namespace farholm::apiserver
