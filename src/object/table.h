// meta.k8s.io Tables: what `kubectl get` prints (apiextensions-apiserver, pkg/registry/customresource/
// tableconvertor). Pure: the time is a parameter. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/clock.h"
#include "json/json.h"
#include "object/json_path.h"
#include "object/kind_descriptor.h"

namespace farholm::object {

enum class IncludeObject : std::uint8_t { None, Metadata, Object };

// The columns of one kind, their paths compiled. Made once for each kind; the descriptor outlives it.
class TableColumns {
 public:
  // Asserts that the descriptor's paths are understood.
  explicit TableColumns(const KindDescriptor& kind);

  json::Value definitions() const;
  // One row. `version` is the Table's own ("v1", "v1beta1"), which its partial objects share.
  json::Value row(const json::Value& object, io::WallTime now, IncludeObject include,
                  std::string_view version) const;

 private:
  struct Column {
    PrinterColumn described;
    JsonPath path;
  };
  json::Value cell(const Column& column, const json::Value& object, io::WallTime now) const;
  std::vector<Column> columns_;
};

// Columns as they are shown: Name, the kind's own, and Age (before those of -o wide) unless the kind has one
// of that name. Built-in kinds say themselves whether they show an age.
std::vector<PrinterColumn> shown_columns(const KindDescriptor& kind);

// An empty Table; rows, metadata and columnDefinitions are filled in by the caller.
json::Value empty_table(std::string_view version);

}  // namespace farholm::object
