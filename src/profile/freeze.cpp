#include "profile/freeze.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "object/kind_descriptor.h"
#include "profile/digest.h"
#include "profile/image_reference.h"
#include "profile/object_identity.h"
#include "profile/substitution.h"

namespace farholm::profile {

namespace {

using Causes = std::vector<ErrorCause>;

constexpr std::size_t kCausesMax = 100;

class Freezer {
 public:
  Freezer(const ProfileSpec& profile, const BundleCatalog& catalog) : profile_(profile), catalog_(catalog) {
    for (const auto& variable : profile.variables) declared_.insert(variable.name);
  }

  Result<FrozenRevision> run() {
    FrozenRevision frozen;
    frozen.variables = profile_.variables;
    for (std::size_t i = 0; i < profile_.layers.size(); ++i) {
      const LayerSpec& layer = profile_.layers[i];
      const std::string path = fmt::format("spec.layers[{}]", i);
      json::Value blob =
          layer.type == "kubernetes" ? kubernetes_blob(layer, path) : manifests_blob(layer, path);
      if (!causes_.empty()) continue;
      FARHOLM_CHECK(add(frozen, layer, path, blob));
    }
    if (causes_.empty()) return frozen;
    if (causes_.size() > kCausesMax) causes_.resize(kCausesMax);
    Error error{.code = ErrorCode::Invalid, .message = "the profile cannot be frozen"};
    for (const auto& cause : causes_) error.message += fmt::format("; {}: {}", cause.field, cause.message);
    error.causes = std::move(causes_);
    return std::unexpected(std::move(error));
  }

 private:
  Result<void> add(FrozenRevision& frozen, const LayerSpec& layer, const std::string& path,
                   const json::Value& blob) {
    auto bytes = json::to_canonical_text(blob);
    if (!bytes) return fail_while(std::move(bytes).error(), fmt::format("freezing {}", path));
    if (bytes->size() > kLayerBlobBytesMax) {
      causes_.push_back(object::field_too_long(path + ".content", kLayerBlobBytesMax));
      return {};
    }
    const auto references = find_references(blob, path);
    frozen.layers.push_back({.name = layer.name,
                             .type = layer.type,
                             .blob = digest_of(*bytes),
                             .size_bytes = bytes->size(),
                             .depends_on = layer.depends_on,
                             .policy = layer.policy,
                             .variables = {references.names.begin(), references.names.end()}});
    frozen.blobs.push_back({.digest = frozen.layers.back().blob, .bytes = std::move(*bytes)});
    return {};
  }

  // The bundle that the layer names; nullptr and a cause when it is not there.
  const Bundle* named_bundle(const LayerSpec& layer, const std::string& path) {
    const auto reference = parse_bundle_reference(layer.bundle);
    if (!reference) return nullptr;  // check_profile_spec has told
    const Bundle* bundle = catalog_.find(reference->digest);
    if (bundle == nullptr) {
      causes_.push_back(object::field_invalid(
          path + ".content.bundle", layer.bundle,
          "there is no such bundle: make it with `farholm bundle` and give it to the hub first"));
    } else if (bundle->name != reference->name) {
      causes_.push_back(object::field_invalid(path + ".content.bundle", layer.bundle,
                                              fmt::format("the bundle's name is {}", bundle->name)));
      return nullptr;
    }
    return bundle;
  }

  json::Value kubernetes_blob(const LayerSpec& layer, const std::string& path) {
    const Bundle* bundle =
        layer.bundle.empty() ? catalog_.find_kubernetes(layer.version) : named_bundle(layer, path);
    if (bundle == nullptr) {
      if (layer.bundle.empty())
        causes_.push_back(object::field_invalid(
            path + ".version", layer.version,
            "no bundle brings this version: build one with images/kubernetes and give it to the hub"));
      return {};
    }
    json::Value listeners = json::Value::array();
    for (const auto& listener : layer.listeners)
      listeners.push_back(
          {{"name", listener.name}, {"port", listener.port}, {"nodePort", listener.node_port}});
    return {{"name", layer.name},
            {"type", layer.type},
            {"distribution", layer.distribution},
            {"version", layer.version},
            {"bundle", bundle->digest},
            {"podSubnet", layer.pod_subnet},
            {"serviceSubnet", layer.service_subnet},
            {"apiPort", layer.api_port},
            {"listeners", std::move(listeners)}};
  }

  json::Value manifests_blob(const LayerSpec& layer, const std::string& path) {
    std::set<std::string> bundles;
    std::map<std::string, std::string> images;
    json::Value objects = json::Value::array();
    const Bundle* bundle = layer.bundle.empty() ? nullptr : named_bundle(layer, path);
    if (!layer.bundle.empty() && bundle == nullptr) return {};
    if (bundle != nullptr) {
      bundles.insert(bundle->digest);
      images = bundle->images;
      std::set<std::string> identities;
      for (const auto& manifest : bundle->manifests) {
        const Place place{.field = path + ".content.bundle", .in_bundle = identity_of(manifest).text()};
        for (const auto& problem : check_manifest(manifest, ""))
          add_cause(place, problem.field.empty() ? "" : problem.field.substr(1), manifest, problem.message);
        if (!identities.insert(identity_of(manifest).key()).second)
          add_cause(place, "", manifest, "comes twice");
        objects.push_back(escape_others(manifest, declared_));
        resolve_images(objects.back(), place, layer, bundle, bundles, images);
      }
    }
    for (std::size_t i = 0; i < layer.inline_objects.size(); ++i) {
      objects.push_back(layer.inline_objects[i]);
      resolve_images(objects.back(), {.field = fmt::format("{}.content.inline[{}]", path, i)}, layer, bundle,
                     bundles, images);
    }
    for (auto& one : objects) one.erase("status");
    json::Value blob = {{"name", layer.name},
                        {"type", layer.type},
                        {"objects", std::move(objects)},
                        {"bundles", bundles},
                        {"images", images}};
    if (layer.allow_pull) blob["allowPull"] = true;
    return blob;
  }

  // Where an object was written: a cause for one in a bundle has the bundle's field, and names the object.
  struct Place {
    std::string field;
    std::string in_bundle;  // the object; empty for inline ones
  };

  void add_cause(const Place& place, const std::string& path, const json::Value& value, std::string detail) {
    if (place.in_bundle.empty())
      causes_.push_back(object::field_invalid(place.field + "." + path, value, std::move(detail)));
    else
      causes_.push_back({.reason = "FieldValueInvalid",
                         .message = fmt::format("{} in the bundle, {}: {}", place.in_bundle, path, detail),
                         .field = place.field});
  }

  void resolve_images(json::Value& object, const Place& place, const LayerSpec& layer, const Bundle* bundle,
                      std::set<std::string>& bundles, std::map<std::string, std::string>& images) {
    for_each_image(object, "", [&](std::string& image, const std::string& path) {
      if (image.find("${") != std::string::npos) {
        if (!layer.allow_pull)
          add_cause(place, path, image,
                    "an image may not depend on a variable, unless the layer says allowPull: it could not be "
                    "resolved to a digest");
        return;
      }
      const auto reference = parse_image_reference(image);
      if (!reference) return add_cause(place, path, image, "is not an image reference");
      const auto source = find_image(*reference, bundle);
      if (source && (reference->digest.empty() || reference->digest == source->image_digest)) {
        bundles.insert(source->bundle_digest);
        images[reference->tagged()] = source->image_digest;
        image = fmt::format("{}@{}", reference->tagged(), source->image_digest);
      } else if (layer.allow_pull) {
        return;
      } else if (source) {
        add_cause(place, path, image,
                  fmt::format("the bundles' image of that name is {}", source->image_digest));
      } else {
        add_cause(place, path, image,
                  fmt::format("no bundle contains the image {}: add it to one with `farholm bundle`, or say "
                              "allowPull in the layer",
                              reference->text()));
      }
    });
  }

  std::optional<ImageSource> find_image(const ImageReference& reference, const Bundle* bundle) const {
    if (bundle != nullptr) {
      const auto own = bundle->images.find(reference.tagged());
      if (own != bundle->images.end())
        return ImageSource{.image_digest = own->second, .bundle_digest = bundle->digest};
    }
    return catalog_.find_image(reference.tagged());
  }

  const ProfileSpec& profile_;
  const BundleCatalog& catalog_;
  std::set<std::string> declared_;
  Causes causes_;
};

bool same_variables(const std::vector<Variable>& a, const std::vector<Variable>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Variable& x, const Variable& y) {
    return x.name == y.name && x.type == y.type && x.pattern == y.pattern && x.required == y.required &&
           x.sensitive == y.sensitive && x.default_value == y.default_value && x.allowed == y.allowed;
  });
}

}  // namespace

bool FrozenRevision::same_as(const Revision& revision) const {
  return same_variables(variables, revision.variables) &&
         std::equal(layers.begin(), layers.end(), revision.layers.begin(), revision.layers.end(),
                    [](const RevisionLayer& a, const RevisionLayer& b) {
                      return a.name == b.name && a.type == b.type && a.blob == b.blob &&
                             a.depends_on == b.depends_on && a.policy == b.policy;
                    });
}

Revision FrozenRevision::numbered(std::string profile, std::string name_space, std::int64_t number) const {
  return {.profile = std::move(profile),
          .name_space = std::move(name_space),
          .number = number,
          .variables = variables,
          .layers = layers};
}

Result<FrozenRevision> freeze(const json::Value& spec, const BundleCatalog& catalog) {
  if (auto causes = check_profile_spec(spec); !causes.empty()) {
    Error error{.code = ErrorCode::Invalid, .message = "the profile is not valid"};
    for (const auto& cause : causes) error.message += fmt::format("; {}: {}", cause.field, cause.message);
    error.causes = std::move(causes);
    return std::unexpected(std::move(error));
  }
  const ProfileSpec profile = read_profile_spec(spec);
  return Freezer(profile, catalog).run();
}

}  // namespace farholm::profile
