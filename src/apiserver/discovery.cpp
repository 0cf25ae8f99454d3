#include "apiserver/discovery.h"

#include "crypto/digest.h"
#include "object/open_api.h"

namespace farholm::apiserver {

namespace {

using object::KindDescriptor;

std::string group_version_path(const KindDescriptor& kind) {
  return kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
}

json::Value resource_entry(const KindDescriptor& kind) {
  json::Value entry = {{"name", kind.plural},
                       {"singularName", kind.singular},
                       {"namespaced", kind.namespaced},
                       {"kind", kind.kind},
                       {"verbs", kind.verbs}};
  if (!kind.short_names.empty()) entry["shortNames"] = kind.short_names;
  if (!kind.categories.empty()) entry["categories"] = kind.categories;
  if (kind.has_verb("list"))
    entry["storageVersionHash"] =
        to_base64(std::span(crypto::Digest::of(kind.resource() + kind.version).bytes()).first(8));
  return entry;
}

json::Value subresource_entry(const KindDescriptor& kind, const char* name, std::vector<std::string> verbs) {
  return {{"name", kind.plural + "/" + name},
          {"singularName", ""},
          {"namespaced", kind.namespaced},
          {"kind", kind.kind},
          {"verbs", std::move(verbs)}};
}

bool is_namespace(const KindDescriptor& kind) {
  return kind.group.empty() && kind.kind == "Namespace";
}

}  // namespace

Discovery::Discovery(const Kinds& kinds, const ServerVersion& version) {
  documents_["/version"] = {
      {"major", version.major}, {"minor", version.minor},  {"gitVersion", version.git_version},
      {"gitCommit", ""},        {"gitTreeState", "clean"}, {"buildDate", "1970-01-01T00:00:00Z"},
      {"goVersion", "none"},    {"compiler", "clang"},     {"platform", "linux/amd64"}};
  describe_groups(kinds);
  describe_schemas(kinds, version);
}

void Discovery::describe_groups(const Kinds& kinds) {
  documents_["/api"] = {
      {"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", json::Value::array()}};
  json::Value groups = json::Value::array();
  for (const auto& served : kinds.all()) {
    const auto& kind = served->descriptor;
    auto& list = documents_[group_version_path(kind)];
    if (list.is_null()) {
      list = {{"kind", "APIResourceList"},
              {"groupVersion", kind.api_version()},
              {"resources", json::Value::array()}};
      if (!kind.group.empty()) list["apiVersion"] = "v1";
      auto& group = documents_["/apis/" + kind.group];
      if (group.is_null())
        group = {{"kind", "APIGroup"},
                 {"apiVersion", "v1"},
                 {"name", kind.group},
                 {"versions", json::Value::array()}};
      const json::Value version = {{"groupVersion", kind.api_version()}, {"version", kind.version}};
      group["versions"].push_back(version);
      if (!group.contains("preferredVersion")) group["preferredVersion"] = version;
    }
    list["resources"].push_back(resource_entry(kind));
    if (kind.status_subresource)
      list["resources"].push_back(subresource_entry(kind, "status", {"get", "patch", "update"}));
    if (is_namespace(kind)) list["resources"].push_back(subresource_entry(kind, "finalize", {"update"}));
  }
  documents_.erase("/apis/");  // the core group is not one of them
  for (const auto& served : kinds.all()) {
    const auto& name = served->descriptor.group;
    const auto found = documents_.find("/apis/" + name);
    if (name.empty() || found == documents_.end()) continue;
    bool listed = false;
    for (const auto& group : groups) listed = listed || group["name"] == name;
    if (listed) continue;
    auto group = found->second;
    group.erase("kind");
    group.erase("apiVersion");
    groups.push_back(std::move(group));
  }
  documents_["/apis"] = {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
  json::Value paths = {"/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz"};
  for (const auto& [path, document] : documents_) paths.push_back(path);
  documents_["/"] = {{"paths", std::move(paths)}};
}

void Discovery::describe_schemas(const Kinds& kinds, const ServerVersion& version) {
  std::vector<const KindDescriptor*> all;
  std::map<std::string, std::vector<const KindDescriptor*>> by_version;
  for (const auto& served : kinds.all()) {
    all.push_back(&served->descriptor);
    by_version[group_version_path(served->descriptor)].push_back(&served->descriptor);
  }
  const auto document = object::open_api_v2(all, version.git_version);
  open_api_v2_json_ = json::to_text(document);
  open_api_v2_protobuf_ = object::open_api_v2_protobuf(document);
  json::Value index = json::Value::object();
  for (const auto& [path, in_version] : by_version) {
    auto text = json::to_text(object::open_api_v3(in_version, version.git_version));
    const auto hash = crypto::Digest::of(text).hex().substr(0, 32);
    index["paths"][path.substr(1)] = {{"serverRelativeURL", "/openapi/v3" + path + "?hash=" + hash}};
    open_api_v3_["/openapi/v3" + path] = std::move(text);
  }
  open_api_v3_["/openapi/v3"] = json::to_text(index);
}

const json::Value* Discovery::document(const std::string& path) const {
  const auto found = documents_.find(path);
  return found == documents_.end() ? nullptr : &found->second;
}

const std::string* Discovery::open_api_v3(const std::string& path) const {
  const auto found = open_api_v3_.find(path);
  return found == open_api_v3_.end() ? nullptr : &found->second;
}

}  // namespace farholm::apiserver
