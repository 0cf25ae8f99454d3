#include "profile/layer_blob.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/image_reference.h"
#include "profile/kubernetes_versions.h"
#include "profile/object_identity.h"
#include "profile/subnet.h"

namespace farholm::profile {

namespace {

constexpr json::Limits kBlobLimits = {
    .bytes_max = kLayerBlobBytesMax, .depth_max = 64, .values_max = 400'000};
constexpr std::size_t kObjectsMax = 5'000;
constexpr std::size_t kImagesMax = 2'000;
constexpr std::size_t kListenersMax = 64;

std::unexpected<Error> bad(const PlanLayer& layer, std::string_view what) {
  return fail(ErrorCode::Invalid, fmt::format("the content of layer {} is not usable: {}", layer.name, what));
}

bool is_port(std::optional<std::int64_t> number) {
  return number && *number >= 1 && *number <= 65535;
}

Result<void> read_kubernetes(const PlanLayer& layer, LayerContent& content) {
  const auto& spec = content.spec;
  // The version's support is the driver's to judge: an older agent says so there.
  if (json::string_or(spec, "distribution").empty() || !json::string_or(spec, "version").starts_with('v'))
    return bad(layer, "distribution or version is missing");
  const std::string bundle = json::string_or(spec, "bundle");
  if (!is_digest(bundle)) return bad(layer, "bundle is not a digest");
  content.bundles.push_back(bundle);
  if (!parse_subnet(json::string_or(spec, "podSubnet"))) return bad(layer, "podSubnet is not a subnet");
  if (!parse_subnet(json::string_or(spec, "serviceSubnet")))
    return bad(layer, "serviceSubnet is not a subnet");
  if (!is_port(json::find_integer(spec, "apiPort"))) return bad(layer, "apiPort is not a port");
  const auto* listeners = json::find_array(spec, "listeners");
  if (listeners == nullptr || listeners->size() > kListenersMax) return bad(layer, "listeners is not a list");
  for (const auto& listener : *listeners)
    if (json::string_or(listener, "name").empty() || !is_port(json::find_integer(listener, "port")) ||
        !is_port(json::find_integer(listener, "nodePort")))
      return bad(layer, "a listener has no name, port or nodePort");
  return {};
}

Result<void> read_manifests(const PlanLayer& layer, LayerContent& content) {
  const auto* objects = json::find_array(content.spec, "objects");
  if (objects == nullptr || objects->size() > kObjectsMax) return bad(layer, "objects is not a list");
  for (std::size_t i = 0; i < objects->size(); ++i)
    if (auto causes = check_manifest((*objects)[i], fmt::format("objects[{}]", i)); !causes.empty())
      return bad(layer, fmt::format("{}: {}", causes[0].field, causes[0].message));
  const auto* bundles = json::find_array(content.spec, "bundles");
  if (bundles == nullptr || bundles->size() > kImagesMax) return bad(layer, "bundles is not a list");
  for (const auto& bundle : *bundles) {
    if (!bundle.is_string() || !is_digest(bundle.get_ref<const std::string&>()))
      return bad(layer, "bundles holds something that is not a digest");
    content.bundles.push_back(bundle.get<std::string>());
  }
  const auto* images = json::find_object(content.spec, "images");
  if (images == nullptr || images->size() > kImagesMax) return bad(layer, "images is not an object");
  for (const auto& [name, digest] : images->items()) {
    if (!digest.is_string() || !is_digest(digest.get_ref<const std::string&>()))
      return bad(layer, "images holds something that is not a digest");
    content.images.emplace(name, digest.get<std::string>());
  }
  return {};
}

}  // namespace

Result<LayerContent> parse_layer_blob(const PlanLayer& layer, std::string_view bytes) {
  auto value = json::parse(bytes, kBlobLimits);
  if (!value) return fail_while(std::move(value).error(), fmt::format("reading layer {}", layer.name));
  LayerContent content{.spec = std::move(*value)};
  if (json::string_or(content.spec, "name") != layer.name ||
      json::string_or(content.spec, "type") != layer.type)
    return bad(layer, "it is of another name or type");
  if (layer.type == "kubernetes")
    FARHOLM_CHECK(read_kubernetes(layer, content));
  else if (layer.type == "manifests")
    FARHOLM_CHECK(read_manifests(layer, content));
  else
    return bad(layer, fmt::format("this agent does not know layers of type {}: update it", layer.type));
  return content;
}

Result<json::Value> resolve_layer(const SitePlan& plan, const PlanLayer& layer, const LayerContent& content,
                                  const Values& secrets) {
  // Only what the plan lists may be used: what is not in the fingerprint must not change the layer.
  Values values;
  for (const auto& name : layer.variables) {
    if (const auto plain = plan.variables.find(name); plain != plan.variables.end())
      values.emplace(name, plain->second);
    else if (const auto secret = secrets.find(name); secret != secrets.end())
      values.emplace(name, secret->second);
  }
  auto resolved = substitute(content.spec, values);
  if (!resolved)
    return fail_while(std::move(resolved).error(),
                      fmt::format("putting variables into layer {}", layer.name));
  return resolved;
}

}  // namespace farholm::profile
