// A request's head and chunked body: never crashes, and what is taken can be written and reads back the same.
#include <cstdint>

#include "base/assert.h"
#include "net/http1_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm::net;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t searched = 0;
  const auto end = http1::find_head_end(text, searched);
  if (!end) return 0;
  const auto head = http1::parse_request_head(text.substr(0, *end), {});
  if (!head) return 0;
  const auto written = http1::write_request_head(head->request);
  FARHOLM_ASSERT(written);
  if (head->minor_version == 1) {
    const auto again = http1::parse_request_head(*written, {});
    FARHOLM_ASSERT(again && again->request.headers == head->request.headers &&
                   again->request.target == head->request.target);
  }
  const auto framing = http1::request_framing(*head);
  if (!framing || framing->kind != http1::Framing::Kind::Chunked) return 0;
  http1::ChunkDecoder chunks;
  auto rest = std::as_bytes(std::span(text.substr(*end)));
  while (!rest.empty() && !chunks.finished()) {
    const auto step = chunks.step(rest, 100);
    if (!step) return 0;
    FARHOLM_ASSERT(step->consumed > 0 && step->consumed <= rest.size());
    rest = rest.subspan(step->consumed);
  }
  return 0;
}
