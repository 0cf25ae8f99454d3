#include <fmt/format.h>

#include "json/json.h"

namespace farholm::json {
namespace {

// All copies of one patch together: "copy" doubles a document with every operation. Kubernetes' number
// (apiserver, JSONPatchMaxCopyBytes).
constexpr std::size_t kCopiedBytesMax = 3 << 20;

// What nlohmann asserts, ignores or is lax about: the value that holds the place must be there and be an
// object or an array.
Result<void> check_parent(const Value& target, const Value::json_pointer& place) {
  if (place.empty()) return {};
  const auto parent = place.parent_pointer();
  if (!target.contains(parent) || !target.at(parent).is_structured()) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("the patch does not apply: there is no object or array at \"{}\"", parent.to_string()));
  }
  return {};
}

Result<void> apply_operation(Value& target, const Value& operation, std::size_t& copied_bytes) {
  const std::string* name = find_string(operation, "op");
  const std::string* path = find_string(operation, "path");
  if (name == nullptr || path == nullptr) {
    return fail(ErrorCode::BadRequest,
                "every operation of a JSON patch must be an object with \"op\" and \"path\"");
  }
  const Value::json_pointer place(*path);
  if (*name != "test") FARHOLM_CHECK(check_parent(target, place));
  if (*name == "remove" && place.empty()) {
    return fail(ErrorCode::Invalid, "the patch does not apply: the whole document cannot be removed");
  }
  if (*name == "copy" || *name == "move") {
    const std::string* from = find_string(operation, "from");
    if (from == nullptr) return fail(ErrorCode::BadRequest, fmt::format("\"{}\" needs a \"from\"", *name));
    const Value::json_pointer source(*from);
    if (!target.contains(source)) {
      return fail(ErrorCode::Invalid,
                  fmt::format("the patch does not apply: there is nothing at \"{}\"", *from));
    }
    if (*name == "move") {
      if (*from == *path) return {};
      if (path->starts_with(*from + "/")) {
        return fail(ErrorCode::Invalid, "the patch does not apply: a value cannot be moved into itself");
      }
      // In two steps, because what is taken out of an array shifts what is behind it.
      Value moved = target.at(source);
      target.patch_inplace(Value::array({{{"op", "remove"}, {"path", *from}}}));
      FARHOLM_CHECK(check_parent(target, place));
      target.patch_inplace(Value::array({{{"op", "add"}, {"path", *path}, {"value", std::move(moved)}}}));
      return {};
    }
    copied_bytes += to_text(target.at(source)).size();
    if (copied_bytes > kCopiedBytesMax) {
      return fail(ErrorCode::RequestEntityTooLarge,
                  fmt::format("the copies of the patch are longer than {} bytes", kCopiedBytesMax));
    }
  }
  target.patch_inplace(Value::array({operation}));
  return {};
}

}  // namespace

void apply_merge_patch(Value& target, const Value& patch) {
  target.merge_patch(patch);
}

Result<void> apply_json_patch(Value& target, const Value& patch, std::size_t operations_max) {
  if (!patch.is_array()) return fail(ErrorCode::BadRequest, "a JSON patch must be an array of operations");
  if (patch.size() > operations_max) {
    return fail(ErrorCode::RequestEntityTooLarge,
                fmt::format("the patch has {} operations; {} are allowed", patch.size(), operations_max));
  }
  Value result = target;
  std::size_t copied_bytes = 0;
  for (const auto& operation : patch) {
    try {
      FARHOLM_CHECK(apply_operation(result, operation, copied_bytes));
    } catch (const Value::parse_error& error) {
      // 104, 105: not an operation. 107, 108: not a JSON pointer. 106, 109: an index that cannot be one.
      const bool index = error.id == 106 || error.id == 109;
      return fail(index ? ErrorCode::Invalid : ErrorCode::BadRequest,
                  fmt::format("{}: {}", index ? "the patch does not apply" : "this is not a JSON patch",
                              to_text(operation)));
    } catch (const Value::exception&) {
      return fail(ErrorCode::Invalid, fmt::format("the patch does not apply: {}", to_text(operation)));
    }
  }
  target = std::move(result);
  return {};
}

}  // namespace farholm::json
