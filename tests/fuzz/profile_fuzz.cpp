// Profiles and sites as users write them: judged, frozen and planned without ever crashing.
#include <cstdint>

#include "base/assert.h"
#include "profile/admit.h"
#include "profile/freeze.h"
#include "profile/image_reference.h"
#include "profile/kinds.h"
#include "profile/planner.h"
#include "profile/subnet.h"

namespace {

using namespace farholm;
using namespace farholm::profile;

class NoBundles final : public BundleCatalog {
 public:
  const Bundle* find(const std::string&) const override { return nullptr; }
  const Bundle* find_kubernetes(const std::string&) const override { return &kubernetes_; }
  std::optional<ImageSource> find_image(const std::string&) const override {
    return ImageSource{"sha256:" + std::string(64, 'a'), kubernetes_.digest};
  }

 private:
  Bundle kubernetes_{.digest = "sha256:" + std::string(64, 'b'), .name = "kubernetes"};
};

void plan_it(const json::Value& spec) {
  const auto frozen = freeze(spec, NoBundles());
  if (!frozen) return;
  PlanRequest request;
  request.site = {"uid", "retail", "store"};
  request.spec.subnet = "172.30.42.0/24";
  request.revision = frozen->numbered("store", "retail", 1);
  request.hosts = {{"edge-1", "h1", ""}};
  if (const auto plan = make_plan(request)) FARHOLM_ASSERT(parse_plan(to_payload(*plan)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto reference = parse_image_reference(text)) {
    const auto again = parse_image_reference(reference->text());
    FARHOLM_ASSERT(again && again->text() == reference->text());
  }
  if (const auto subnet = parse_subnet(text)) FARHOLM_ASSERT(subnet->text() == text);
  const auto value = json::parse_yaml(text);
  if (!value) return 0;
  static const auto kKinds = kinds();
  for (const auto& kind : kKinds)
    if (const auto admitted = admit(kind, *value); admitted && kind.kind == "ClusterProfile")
      plan_it((*admitted)["spec"]);
  // Without the schema too: the rules must not count on it for their lives.
  (void)check_profile_spec(*value);
  (void)check_site_spec(*value);
  return 0;
}
