// A response's head as a client reads it: never crashes, and its framing is decided or refused.
#include <cstdint>

#include "base/assert.h"
#include "net/http1_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t searched = 0;
  const auto end = http1::find_head_end(text, searched);
  if (!end) return 0;
  const auto head = http1::parse_response_head(text.substr(0, *end), {});
  if (!head) return 0;
  for (const auto* method : {"GET", "HEAD", "CONNECT"}) (void)http1::response_framing(*head, method);
  FARHOLM_ASSERT(http1::write_response_head(head->response));
  return 0;
}
