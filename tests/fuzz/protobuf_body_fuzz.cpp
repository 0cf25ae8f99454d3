// Any bytes as a protobuf body: decoded or refused; what is decoded can be written as JSON (so its strings
// are UTF-8).
#include <cstdint>

#include "apiserver/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto object = apiserver::decode_protobuf_body(text)) (void)json::to_text(*object);
  if (const auto* secret = apiserver::protobuf_message_of("v1", "Secret"))
    if (const auto object = apiserver::decode_protobuf_message(*secret, text)) (void)json::to_text(*object);
  if (const auto* event = apiserver::protobuf_message_of("events.k8s.io/v1", "Event"))
    if (const auto object = apiserver::decode_protobuf_message(*event, text)) (void)json::to_text(*object);
  return 0;
}
