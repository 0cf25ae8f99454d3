#include "object/table.h"

#include <algorithm>

#include "base/assert.h"
#include "object/metadata.h"
#include "object/timestamp.h"

namespace farholm::object {

namespace {

json::Value typed_cell(const std::string& type, const json::Value& value, io::WallTime now) {
  if (type == "date")
    return value.is_string() ? json::Value(human_age(value.get_ref<const std::string&>(), now))
                             : json::Value("<unknown>");
  if (type == "integer" || type == "number") return value.is_number() ? value : json::Value();
  if (type == "boolean") return value.is_boolean() ? value : json::Value();
  if (value.is_string()) return value;
  return value.is_null() ? json::Value() : json::Value(json::to_text(value));
}

}  // namespace

namespace {
bool has_column(const KindDescriptor& kind, std::string_view name) {
  return std::any_of(kind.columns.begin(), kind.columns.end(),
                     [&](const PrinterColumn& column) { return column.name == name; });
}
}  // namespace

std::vector<PrinterColumn> shown_columns(const KindDescriptor& kind) {
  std::vector<PrinterColumn> columns = kind.columns;
  if (!has_column(kind, "Name"))
    columns.insert(columns.begin(), {.name = "Name",
                                     .type = "string",
                                     .json_path = ".metadata.name",
                                     .description = "Unique within a namespace; cannot be changed.",
                                     .format = "name"});
  if (!has_column(kind, "Age") && !kind.built_in) {
    const auto wide = std::find_if(columns.begin(), columns.end(),
                                   [](const PrinterColumn& column) { return column.priority > 0; });
    columns.insert(wide, {.name = "Age",
                          .type = "date",
                          .json_path = ".metadata.creationTimestamp",
                          .description = "How long ago the object was created."});
  }
  return columns;
}

TableColumns::TableColumns(const KindDescriptor& kind) {
  for (auto& column : shown_columns(kind)) {
    auto path = JsonPath::parse(column.json_path);
    FARHOLM_ASSERT(path.has_value());
    columns_.push_back({std::move(column), std::move(*path)});
  }
}

json::Value TableColumns::definitions() const {
  json::Value definitions = json::Value::array();
  for (const auto& [described, path] : columns_)
    definitions.push_back({{"name", described.name},
                           {"type", described.type},
                           {"format", described.format},
                           {"description", described.description},
                           {"priority", described.priority}});
  return definitions;
}

json::Value TableColumns::cell(const Column& column, const json::Value& object, io::WallTime now) const {
  if (column.described.cell) return typed_cell(column.described.type, column.described.cell(object), now);
  const auto values = column.path.find(object);
  if (values.empty()) return {};
  if (values.size() == 1 || column.described.type != "string")
    return typed_cell(column.described.type, *values.front(), now);
  // Kubernetes shows the first only; all of them tell more.
  std::string all;
  for (const auto* value : values) {
    if (!all.empty()) all += ',';
    all += value->is_string() ? value->get<std::string>() : json::to_text(*value);
  }
  return all;
}

json::Value TableColumns::row(const json::Value& object, io::WallTime now, IncludeObject include,
                              std::string_view version) const {
  json::Value cells = json::Value::array();
  for (const auto& column : columns_) cells.push_back(cell(column, object, now));
  json::Value row = {{"cells", std::move(cells)}};
  switch (include) {
    case IncludeObject::None:
      row["object"] = nullptr;
      break;
    case IncludeObject::Metadata:
      row["object"] = partial_metadata(object, "meta.k8s.io/" + std::string(version));
      break;
    case IncludeObject::Object:
      row["object"] = object;
      break;
  }
  return row;
}

json::Value empty_table(std::string_view version) {
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/" + std::string(version)},
          {"metadata", json::Value::object()},
          {"columnDefinitions", json::Value::array()},
          {"rows", json::Value::array()}};
}

}  // namespace farholm::object
