// JSON values: parse hostile text under limits, read fields without exceptions, write plain and canonical
// text (RFC 8785), and the two patch formats. Object members are sorted by their UTF-8 bytes, always. Pure;
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farholm::json {

using Value = nlohmann::json;

struct Limits {
  std::size_t bytes_max = 3 << 20;  // as Kubernetes' API server (3 MiB a request)
  std::size_t depth_max = 100;
  std::size_t values_max = 400'000;  // scalars, arrays and objects together
};

// BadRequest with line and column when it is not one JSON value (RFC 8259) in valid UTF-8, or when an object
// has a member twice. NaN, comments and trailing commas are refused.
Result<Value> parse(std::string_view text, const Limits& limits = {});

// As parse, but members that come twice are named in `duplicates` ("spec.replicas") and the last one wins:
// for servers that only warn.
Result<Value> parse_lenient(std::string_view text, std::vector<std::string>& duplicates,
                            const Limits& limits = {});

// One YAML document, with Kubernetes' reading of it (YAML 1.1 booleans as sigs.k8s.io/yaml:
// true/false/yes/no/on/off only where unquoted; numbers; null). Aliases and anchors are expanded under the
// limits; other tags are refused.
Result<Value> parse_yaml(std::string_view text, const Limits& limits = {});
// All documents of a stream; empty ones are left out.
Result<std::vector<Value>> parse_yaml_stream(std::string_view text, const Limits& limits = {});
// Block style, as `kubectl get -o yaml` prints it.
std::string to_yaml(const Value& value);

std::string to_text(const Value& value);         // compact
std::string to_pretty_text(const Value& value);  // indented by two
// RFC 8785 (JCS): the one text that is hashed and signed. Invalid for a
// number that some readers would change (an integer beyond ±2^53, or not finite) and for text that is not
// UTF-8.
Result<std::string> to_canonical_text(const Value& value);

// RFC 7386.
void apply_merge_patch(Value& target, const Value& patch);
// RFC 6902; at most `operations_max` operations. BadRequest for a malformed patch, Invalid for one that does
// not apply; `target` is unchanged then.
Result<void> apply_json_patch(Value& target, const Value& patch, std::size_t operations_max = 10'000);

// Fields without exceptions: nullptr when the value is not an object, has no such member or (for the typed
// ones) the member has another type. The pointers live as long as the value is not changed.
const Value* find(const Value& value, std::string_view member);
// find along a path of object members.
const Value* find_path(const Value& value, std::initializer_list<std::string_view> members);
const std::string* find_string(const Value& value, std::string_view member);
std::string string_or(const Value& value, std::string_view member, std::string_view otherwise = "");
std::optional<std::int64_t> find_integer(const Value& value, std::string_view member);
std::optional<bool> find_bool(const Value& value, std::string_view member);
const Value* find_array(const Value& value, std::string_view member);
const Value* find_object(const Value& value, std::string_view member);
// As the find functions, for what must be there: Invalid naming `member` and what it must be.
Result<std::string> require_string(const Value& value, std::string_view member);
Result<std::int64_t> require_integer(const Value& value, std::string_view member);
Result<const Value*> require_array(const Value& value, std::string_view member);
Result<const Value*> require_object(const Value& value, std::string_view member);

}  // namespace farholm::json
