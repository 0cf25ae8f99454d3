#include "reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace farholm::generate {

namespace {

using object::Schema;

std::string type_text(const Schema& schema) {
  switch (schema.type) {
    case Schema::Type::Any:
      return schema.int_or_string ? "integer or string" : "any";
    case Schema::Type::Object:
      return schema.additional ? fmt::format("map of {}", type_text(*schema.additional)) : "object";
    case Schema::Type::Array:
      return fmt::format("list of {}", schema.items ? type_text(*schema.items) : "any");
    case Schema::Type::String:
      return schema.format.empty() ? "string" : schema.format;
    case Schema::Type::Integer:
      return "integer";
    case Schema::Type::Number:
      return "number";
    case Schema::Type::Boolean:
      return "boolean";
  }
  return "";
}

// A `|` ends a cell of a Markdown table.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string rules_text(const Schema& schema, bool required) {
  std::vector<std::string> rules;
  if (required) rules.emplace_back("required");
  if (schema.default_value)
    rules.push_back(fmt::format("default `{}`", json::to_text(*schema.default_value)));
  if (!schema.enumeration.empty()) {
    std::vector<std::string> values;
    for (const auto& value : schema.enumeration)
      values.push_back(
          fmt::format("`{}`", value.is_string() ? value.get<std::string>() : json::to_text(value)));
    rules.push_back(fmt::format("one of {}", fmt::join(values, ", ")));
  }
  if (!schema.pattern.empty()) rules.push_back(fmt::format("matches `{}`", schema.pattern));
  if (schema.minimum) rules.push_back(fmt::format("at least {:.0f}", *schema.minimum));
  if (schema.maximum) rules.push_back(fmt::format("at most {:.0f}", *schema.maximum));
  const char* unit = schema.type == Schema::Type::String ? "characters" : "items";
  if (schema.length_min) rules.push_back(fmt::format("at least {} {}", *schema.length_min, unit));
  if (schema.length_max) rules.push_back(fmt::format("at most {} {}", *schema.length_max, unit));
  if (schema.immutable) rules.emplace_back("cannot be changed");
  return fmt::format("{}", fmt::join(rules, "; "));
}

void add_fields(const Schema& schema, const std::string& path, std::string& page) {
  for (const auto& [name, field] : schema.properties) {
    const bool required =
        std::find(schema.required.begin(), schema.required.end(), name) != schema.required.end();
    const std::string here = path.empty() ? name : path + "." + name;
    page += fmt::format("| `{}` | {} | {} | {} |\n", here, type_text(field), cell(field.description),
                        cell(rules_text(field, required)));
    add_fields(field, here, page);
    if (field.items) add_fields(*field.items, here + "[]", page);
    if (field.additional) add_fields(*field.additional, here + ".*", page);
  }
}

void add_kind(const object::KindDescriptor& kind, std::string& page) {
  page += fmt::format("\n## {}\n\n{}\n\n", kind.kind, kind.description);
  page += fmt::format("`{}`, resource `{}`", kind.api_version(), kind.plural);
  if (!kind.short_names.empty()) page += fmt::format(", short `{}`", fmt::join(kind.short_names, "`, `"));
  page += fmt::format(", {}. Verbs: {}.", kind.namespaced ? "namespaced" : "cluster-wide",
                      fmt::join(kind.verbs, ", "));
  if (kind.immutable) page += " Never changes.";
  std::vector<std::string> columns;
  for (const auto& column : kind.columns)
    columns.push_back(column.name + (column.priority > 0 ? " (wide)" : ""));
  page += fmt::format("\n\nColumns: Name, {}.\n\n", fmt::join(columns, ", "));
  page += "| field | type | what it is | rules |\n|---|---|---|---|\n";
  add_fields(kind.schema, "", page);
}

}  // namespace

std::string reference_page(const std::vector<object::KindDescriptor>& kinds) {
  std::string page =
      "# The kinds\n\nGenerated from `src/profile` by `farholm_generate`; do not edit. `[]` is an item of a "
      "list, `*` "
      "a member of a map.\nWhat the fields mean together is told in "
      "[formats/profile.md](formats/profile.md).\n";
  for (const auto& kind : kinds) add_kind(kind, page);
  return page;
}

}  // namespace farholm::generate
