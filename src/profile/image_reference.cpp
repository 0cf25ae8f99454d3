#include "profile/image_reference.h"

#include <fmt/format.h>

#include <algorithm>

namespace farholm::profile {

namespace {

constexpr std::size_t kReferenceBytesMax = 512;
constexpr std::size_t kTagBytesMax = 128;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_word(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_path_part(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_domain(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (is_word(c) && c != '_') || c == '.' || c == '-' || c == ':';
  });
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kTagBytesMax && is_word(tag[0]) &&
         std::all_of(tag.begin(), tag.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

using Visit = std::function<void(std::string&, const std::string&)>;

json::Value* member(json::Value& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? nullptr : &*found;
}

void visit_image(json::Value& holder, const char* name, const std::string& path, const Visit& visit) {
  auto* image = member(holder, name);
  if (image != nullptr && image->is_string())
    visit(image->get_ref<std::string&>(), fmt::format("{}.{}", path, name));
}

void visit_pod_spec(json::Value& spec, const std::string& path, const Visit& visit) {
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    auto* containers = member(spec, list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (std::size_t i = 0; i < containers->size(); ++i)
      visit_image((*containers)[i], "image", fmt::format("{}.{}[{}]", path, list, i), visit);
  }
  auto* volumes = member(spec, "volumes");
  if (volumes == nullptr || !volumes->is_array()) return;
  for (std::size_t i = 0; i < volumes->size(); ++i)
    if (auto* image = member((*volumes)[i], "image"))
      visit_image(*image, "reference", fmt::format("{}.volumes[{}].image", path, i), visit);
}

// Where a kind keeps its pod spec, below the object.
struct PodSpecPlace {
  std::string_view kind;
  std::string_view group;
  std::vector<const char*> path;
};

const std::vector<PodSpecPlace>& pod_spec_places() {
  static const std::vector<PodSpecPlace> places = {
      {"Pod", "", {"spec"}},
      {"PodTemplate", "", {"template", "spec"}},
      {"ReplicationController", "", {"spec", "template", "spec"}},
      {"Deployment", "apps", {"spec", "template", "spec"}},
      {"StatefulSet", "apps", {"spec", "template", "spec"}},
      {"DaemonSet", "apps", {"spec", "template", "spec"}},
      {"ReplicaSet", "apps", {"spec", "template", "spec"}},
      {"Job", "batch", {"spec", "template", "spec"}},
      {"CronJob", "batch", {"spec", "jobTemplate", "spec", "template", "spec"}},
  };
  return places;
}

}  // namespace

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.starts_with(kPrefix) && text.size() == kPrefix.size() + 64 &&
         std::all_of(text.begin() + kPrefix.size(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<ImageReference> parse_image_reference(std::string_view text) {
  if (text.empty() || text.size() > kReferenceBytesMax) return std::nullopt;
  ImageReference reference;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    reference.digest = text.substr(at + 1);
    if (!is_digest(reference.digest)) return std::nullopt;
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = text.substr(colon + 1);
    if (!is_tag(reference.tag)) return std::nullopt;
    text = text.substr(0, colon);
  }
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  // The part before the first slash is a registry when it looks like a host.
  std::string_view domain = "docker.io";
  std::string_view path = text;
  if (const auto first = text.find('/'); first != std::string_view::npos) {
    const auto part = text.substr(0, first);
    if (part.find_first_of(".:") != std::string_view::npos || part == "localhost") {
      domain = part == "index.docker.io" ? "docker.io" : part;
      path = text.substr(first + 1);
    }
  }
  if (!is_domain(domain) || path.empty()) return std::nullopt;
  for (std::string_view rest = path;;) {
    const auto end = rest.find('/');
    if (!is_path_part(rest.substr(0, end))) return std::nullopt;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  const bool short_name = domain == "docker.io" && path.find('/') == std::string_view::npos;
  reference.name = fmt::format("{}/{}{}", domain, short_name ? "library/" : "", path);
  return reference;
}

void for_each_image(json::Value& object, const std::string& path, const Visit& visit) {
  const std::string kind = json::string_or(object, "kind");
  if (kind == "List") {
    auto* items = member(object, "items");
    if (items == nullptr || !items->is_array()) return;
    for (std::size_t i = 0; i < items->size(); ++i)
      if (json::string_or((*items)[i], "kind") != "List")
        for_each_image((*items)[i], fmt::format("{}.items[{}]", path, i), visit);
    return;
  }
  const std::string api_version = json::string_or(object, "apiVersion");
  const auto slash = api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : api_version.substr(0, slash);
  for (const PodSpecPlace& place : pod_spec_places()) {
    if (place.kind != kind || place.group != group) continue;
    json::Value* spec = &object;
    std::string where = path;
    for (const char* name : place.path) {
      spec = member(*spec, name);
      if (spec == nullptr) return;
      where += where.empty() ? "" : ".";
      where += name;
    }
    visit_pod_spec(*spec, where, visit);
  }
}

std::optional<BundleReference> parse_bundle_reference(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 253 || !is_digest(text.substr(at + 1)))
    return std::nullopt;
  const auto name = text.substr(0, at);
  if (!is_path_part(name)) return std::nullopt;
  return BundleReference{.name = std::string(name), .digest = std::string(text.substr(at + 1))};
}

}  // namespace farholm::profile
