#include "apiserver/built_in_kinds.h"

#include "base/encoding.h"

namespace farholm::apiserver {

using object::any_object;
using object::array;
using object::boolean;
using object::KindDescriptor;
using object::map_of;
using object::PrinterColumn;
using object::string;
using object::timestamp;

namespace {

KindDescriptor core_kind(std::string kind, std::string plural, std::vector<std::string> short_names) {
  KindDescriptor descriptor;
  descriptor.version = "v1";
  descriptor.singular = kind;
  for (char& c : descriptor.singular)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  descriptor.kind = std::move(kind);
  descriptor.plural = std::move(plural);
  descriptor.short_names = std::move(short_names);
  descriptor.built_in = true;
  return descriptor;
}

PrinterColumn age() {
  return {.name = "Age",
          .type = "date",
          .json_path = ".metadata.creationTimestamp",
          .description = "How old it is."};
}

PrinterColumn count_column(std::string name, std::vector<std::string> members) {
  PrinterColumn column{.name = std::move(name), .type = "integer", .description = "How many there are."};
  column.cell = [members = std::move(members)](const json::Value& object) {
    std::size_t count = 0;
    for (const auto& member : members)
      if (const auto* value = json::find(object, member); value && value->is_structured())
        count += value->size();
    return json::Value(count);
  };
  return column;
}

bool is_true(const json::Value* object, std::string_view member) {
  return object && json::find_bool(*object, member).value_or(false);
}

bool differs(const json::Value& a, const json::Value& b, std::string_view member) {
  const auto* in_a = json::find(a, member);
  const auto* in_b = json::find(b, member);
  return (in_a == nullptr) != (in_b == nullptr) || (in_a && *in_a != *in_b);
}

// `immutable: true` of secrets and config maps.
void check_frozen(const json::Value* old, const json::Value& object,
                  std::initializer_list<const char*> members, std::vector<ErrorCause>& causes) {
  if (!is_true(old, "immutable")) return;
  if (!is_true(&object, "immutable"))
    causes.push_back(object::field_forbidden("immutable", "field is immutable when `immutable` is set"));
  for (const char* member : members)
    if (differs(*old, object, member))
      causes.push_back(object::field_forbidden(member, "field is immutable when `immutable` is set"));
}

// Values never appear in what is said about them.
void check_base64(const json::Value& object, const char* member, std::vector<ErrorCause>& causes) {
  const auto* data = json::find_object(object, member);
  if (!data) return;
  for (const auto& [key, value] : data->items()) {
    const std::string path = std::string(member) + "[" + key + "]";
    if (key.empty() || key.size() > 253 ||
        key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
            std::string::npos)
      causes.push_back(object::field_invalid(
          path, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"));
    if (value.is_string() && !from_base64(value.get_ref<const std::string&>()))
      causes.push_back(object::field_invalid(path, "<hidden>", "must be base64 (RFC 4648, with padding)"));
    if (causes.size() > 16) return;
  }
}

}  // namespace

KindDescriptor namespace_kind() {
  auto kind = core_kind("Namespace", "namespaces", {"ns"});
  kind.namespaced = false;
  kind.name_is_label = true;
  kind.status_subresource = true;
  kind.description = "A tenant: names are unique inside of it, and access is granted by it.";
  kind.schema = object::object(
      "", {{"spec", object::object("How it behaves.",
                                   {{"finalizers", array("What must be done before it goes.", string(""))}})},
           {"status", object::object("What it is like.",
                                     {{"phase", string("Active or Terminating.")},
                                      {"conditions", object::conditions("Why it does not end.")}})}});
  kind.columns = {{.name = "Status", .json_path = ".status.phase", .description = "Active or Terminating."},
                  age()};
  kind.prepare = [](const json::Value* old, json::Value& object) {
    if (old) return;
    object["spec"]["finalizers"] = {"kubernetes"};
    object["status"] = {{"phase", "Active"}};
  };
  return kind;
}

KindDescriptor secret_kind() {
  auto kind = core_kind("Secret", "secrets", {});
  kind.description = "Small values that must stay secret, each under a key.";
  kind.schema = object::object(
      "", {{"data", map_of("The values, in base64.", string("A value.").hidden())},
           {"stringData",
            map_of("Values as text; written only, they end up in data.", string("A value.").hidden())},
           {"immutable", boolean("Whether the data can never be changed.")},
           {"type", string("Who reads it and how.")}});
  kind.selectable_fields = {"type"};
  kind.columns = {{.name = "Type", .json_path = ".type", .description = "Who reads it and how."},
                  count_column("Data", {"data"}),
                  age()};
  kind.prepare = [](const json::Value*, json::Value& object) {
    if (json::string_or(object, "type").empty()) object["type"] = "Opaque";
    const auto text = object.find("stringData");
    if (text == object.end()) return;
    if (text->is_object())
      for (const auto& [key, value] : text->items())
        if (value.is_string()) object["data"][key] = to_base64(as_bytes(value.get_ref<const std::string&>()));
    object.erase("stringData");
  };
  kind.validate = [](const json::Value* old, const json::Value& object) {
    std::vector<ErrorCause> causes;
    check_base64(object, "data", causes);
    if (old && differs(*old, object, "type"))
      causes.push_back(object::field_invalid("type", json::string_or(object, "type"), "field is immutable"));
    check_frozen(old, object, {"data"}, causes);
    return causes;
  };
  return kind;
}

KindDescriptor config_map_kind() {
  auto kind = core_kind("ConfigMap", "configmaps", {"cm"});
  kind.description = "Configuration, each value under a key.";
  kind.schema = object::object(
      "", {{"data", map_of("The values.", string("A value."))},
           {"binaryData", map_of("Values that are not text, in base64.", string("A value.").hidden())},
           {"immutable", boolean("Whether the data can never be changed.")}});
  kind.columns = {count_column("Data", {"data", "binaryData"}), age()};
  kind.validate = [](const json::Value* old, const json::Value& object) {
    std::vector<ErrorCause> causes;
    check_base64(object, "binaryData", causes);
    check_frozen(old, object, {"data", "binaryData"}, causes);
    return causes;
  };
  return kind;
}

KindDescriptor service_account_kind() {
  auto kind = core_kind("ServiceAccount", "serviceaccounts", {"sa"});
  kind.description = "An identity for programs.";
  const auto reference = object::object("A reference.", {{"name", string("Its name.")}});
  kind.schema = object::object(
      "", {{"secrets", array("Secrets of the account.", any_object("A reference.")).as_map_by({"name"})},
           {"imagePullSecrets", array("Secrets for registries.", reference)},
           {"automountServiceAccountToken", boolean("Whether pods get its token.")}});
  kind.columns = {count_column("Secrets", {"secrets"}), age()};
  return kind;
}

KindDescriptor custom_resource_definition_kind() {
  auto kind = core_kind("CustomResourceDefinition", "customresourcedefinitions", {"crd", "crds"});
  kind.group = "apiextensions.k8s.io";
  kind.namespaced = false;
  kind.categories = {"api-extensions"};
  kind.description =
      "A kind, as Kubernetes describes it. Served for reading: the kinds are part of the server.";
  kind.schema = object::object(
      "", {{"spec", any_object("The kind.")}, {"status", any_object("What is served of it.")}});
  kind.columns = {{.name = "Created At",
                   .json_path = ".metadata.creationTimestamp",
                   .description = "When it was created."}};
  kind.verbs = {"get", "list", "watch"};
  return kind;
}

}  // namespace farholm::apiserver
