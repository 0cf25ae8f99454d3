// What a request's query says besides its path. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/target.h"
#include "object/selector.h"
#include "object/status.h"
#include "store/store.h"

namespace farholm::apiserver {

enum class FieldValidation : std::uint8_t { Ignore, Warn, Strict };

struct WriteOptions {
  bool dry_run = false;
  FieldValidation field_validation = FieldValidation::Warn;
};
// Invalid for values that are not known; `type` names the options in the message ("CreateOptions").
object::Answer<WriteOptions> parse_write_options(const net::Target& target, const std::string& type);
// The list of `dryRun` values, wherever it comes from.
object::Answer<bool> parse_dry_run(const std::vector<std::string>& values, const std::string& type);

struct DeleteOptions {
  bool dry_run = false;
  store::Preconditions preconditions;
};
// From the body, when there is one (metav1.DeleteOptions as JSON), else from the query.
object::Answer<DeleteOptions> parse_delete_options(const net::Target& target, const json::Value* body);

struct ListOptions {
  object::LabelSelector labels;
  object::FieldSelector fields;
  std::int64_t resource_version = 0;  // 0: whatever is newest
  bool exact = false;                 // resourceVersionMatch=Exact
  std::size_t limit = 0;
  std::string continue_token;
  std::optional<int> timeout_seconds;  // of a watch
  bool bookmarks = false;
  bool initial_events = false;  // sendInitialEvents=true
  bool from_start = true;       // of a watch: no or zero resourceVersion: begin with what there is
};
object::Answer<ListOptions> parse_list_options(const net::Target& target,
                                               const std::vector<std::string>& selectable, bool watch);

// A resourceVersion as clients send it; BadRequest unless it is a decimal number. "" is 0.
object::Answer<std::int64_t> parse_resource_version(std::string_view text);

}  // namespace farholm::apiserver
