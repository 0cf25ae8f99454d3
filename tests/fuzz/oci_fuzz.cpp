// An index and what it leads to (the input stands for every blob), and the registry's paths and ranges. First
// line: a path; second: a range; the rest: a manifest.
#include <cstdint>

#include "base/assert.h"
#include "content/bundle.h"
#include "content/registry.h"
#include "io/sim/sim_world.h"

namespace {

using namespace farholm;

struct Fixture {
  io::sim::SimWorld world{1};
  NullSink sink;
  content::BlobStore store{world.add_machine("site").files(), "/content", Logger(sink, "content")};
  content::Digest blob = *store.put("0123456789");
  content::RegistryCatalog catalog{.images = {{"a/b:1", blob}}, .blobs = {blob}};
};

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string path(take_line(text));
  const std::string range(take_line(text));
  for (const auto& asked : {path, "/v2/a/b/blobs/" + fixture.blob.to_string()}) {
    const auto response = content::answer_registry(
        fixture.catalog, fixture.store, {.method = "GET", .path = asked, .name_space = "", .range = range});
    FARHOLM_ASSERT(response.status >= 200 && response.status < 500);
    if (response.blob) FARHOLM_ASSERT(response.blob->offset + response.blob->length <= 10);
  }
  const std::string manifest(text);
  int reads = 0;
  const auto bundle = content::read_bundle(content::Digest::of(manifest),
                                           [&](const content::Digest&, std::uint64_t) -> Result<std::string> {
                                             if (++reads > 100) return fail(ErrorCode::NotFound, "enough");
                                             return manifest;
                                           });
  if (bundle) FARHOLM_ASSERT(bundle->blobs.size() <= 10'000);
  return 0;
}
