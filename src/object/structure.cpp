#include "object/structure.h"

#include "object/validation.h"

namespace farholm::object {

namespace {

bool is_kept(const std::string& path, const std::string& name) {
  return path.empty() && (name == "apiVersion" || name == "kind" || name == "metadata");
}

void prune_into(const Schema& schema, json::Value& value, const std::string& path,
                std::vector<std::string>& unknown) {
  if (value.is_array()) {
    if (!schema.items) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      prune_into(*schema.items, value[i], index_path(path, i), unknown);
    return;
  }
  if (!value.is_object() || schema.type != Schema::Type::Object) return;
  for (auto member = value.begin(); member != value.end();) {
    const Schema* known = schema.member(member.key());
    if (known) {
      prune_into(*known, member.value(), child_path(path, member.key()), unknown);
    } else if (!schema.preserve_unknown && !is_kept(path, member.key())) {
      if (unknown.size() < kUnknownFieldsMax) unknown.push_back(child_path(path, member.key()));
      member = value.erase(member);
      continue;
    }
    ++member;
  }
}

}  // namespace

void apply_defaults(const Schema& schema, json::Value& value) {
  if (!value.is_object()) return;
  for (const auto& property : schema.properties) {
    const auto& wanted = property.schema;
    if (!wanted.default_value) continue;
    const auto member = value.find(property.name);
    if (member == value.end() || (member->is_null() && !wanted.nullable))
      value[property.name] = *wanted.default_value;
  }
  for (auto& [name, member] : value.items())
    if (const Schema* known = schema.member(name)) apply_defaults(*known, member);
}

std::vector<std::string> prune(const Schema& schema, json::Value& value, const std::string& path) {
  std::vector<std::string> unknown;
  prune_into(schema, value, path, unknown);
  return unknown;
}

}  // namespace farholm::object
