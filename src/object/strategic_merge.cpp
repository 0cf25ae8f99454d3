#include "object/strategic_merge.h"

#include <algorithm>

#include "object/metadata.h"

namespace farholm::object {

namespace {

constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList/";
constexpr std::string_view kSetOrder = "$setElementOrder/";

// Merging compares every item with every other; longer lists are refused rather than computed.
constexpr std::size_t kMergedItemsMax = 2048;

Result<void> merge(const Schema* schema, json::Value& target, const json::Value& patch);

Result<void> check_length(const json::Value& target, const json::Value& patch) {
  if (target.size() > kMergedItemsMax || patch.size() > kMergedItemsMax)
    return fail(ErrorCode::BadRequest, "a list in a strategic merge patch must have at most " +
                                           std::to_string(kMergedItemsMax) + " items");
  return {};
}

bool same_keys(const Schema& list, const json::Value& a, const json::Value& b) {
  return std::all_of(list.list_map_keys.begin(), list.list_map_keys.end(), [&](const std::string& key) {
    const auto* in_a = json::find(a, key);
    const auto* in_b = json::find(b, key);
    return in_a && in_b && *in_a == *in_b;
  });
}

json::Value::iterator find_item(const Schema& list, json::Value& target, const json::Value& item) {
  return std::find_if(target.begin(), target.end(),
                      [&](const json::Value& one) { return same_keys(list, one, item); });
}

// A list of objects told apart by keys.
Result<void> merge_map_list(const Schema& list, json::Value& target, const json::Value& patch) {
  const bool replaces = std::any_of(patch.begin(), patch.end(), [](const json::Value& item) {
    return json::string_or(item, "$patch") == "replace";
  });
  if (replaces) target = json::Value::array();
  for (const auto& item : patch) {
    const auto directive = json::string_or(item, "$patch");
    if (directive == "replace") continue;
    const bool has_keys = item.is_object() && same_keys(list, item, item);
    if (!has_keys)
      return fail(ErrorCode::BadRequest,
                  "map: " + json::to_text(item) +
                      " does not contain declared merge key: " + list.list_map_keys.front());
    const auto found = find_item(list, target, item);
    if (directive == "delete") {
      if (found != target.end()) target.erase(found);
    } else if (found != target.end()) {
      FARHOLM_CHECK(merge(list.items.get(), *found, item));
    } else {
      json::Value added = json::Value::object();
      FARHOLM_CHECK(merge(list.items.get(), added, item));
      target.push_back(std::move(added));
    }
  }
  return {};
}

void merge_set(json::Value& target, const json::Value& patch) {
  for (const auto& item : patch)
    if (std::find(target.begin(), target.end(), item) == target.end()) target.push_back(item);
}

Result<void> merge_list(const Schema* list, json::Value& target, const json::Value& patch) {
  if (!list || list->list_type == Schema::ListType::Atomic) {
    target = patch;
    return {};
  }
  if (!target.is_array()) target = json::Value::array();
  FARHOLM_CHECK(check_length(target, patch));
  if (list->list_type == Schema::ListType::Map) return merge_map_list(*list, target, patch);
  merge_set(target, patch);
  return {};
}

// Elements in the order that the client wishes; those it does not name stay behind them, in their own order.
void reorder(const Schema* list, json::Value& target, const json::Value& order) {
  if (!target.is_array() || !order.is_array()) return;
  const auto rank = [&](const json::Value& item) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool same = list && list->list_type == Schema::ListType::Map ? same_keys(*list, order[i], item)
                                                                         : order[i] == item;
      if (same) return i;
    }
    return order.size();
  };
  std::vector<std::pair<std::size_t, std::size_t>> places;
  places.reserve(target.size());
  for (std::size_t i = 0; i < target.size(); ++i) places.emplace_back(rank(target[i]), i);
  std::sort(places.begin(), places.end());
  json::Value ordered = json::Value::array();
  for (const auto& [wished, index] : places) ordered.push_back(std::move(target[index]));
  target = std::move(ordered);
}

void delete_items(json::Value& target, const json::Value& items) {
  if (!target.is_array() || !items.is_array()) return;
  for (const auto& item : items) target.erase(std::remove(target.begin(), target.end(), item), target.end());
}

void retain_keys(json::Value& target, const json::Value& keys) {
  if (!keys.is_array()) return;
  for (auto member = target.begin(); member != target.end();)
    member = std::find(keys.begin(), keys.end(), json::Value(member.key())) == keys.end()
                 ? target.erase(member)
                 : std::next(member);
}

const Schema* member_schema(const Schema* schema, const std::string& name) {
  return schema ? schema->member(name) : nullptr;
}

Result<void> merge_member(const Schema* known, json::Value& target, const std::string& name,
                          const json::Value& value) {
  if (value.is_null()) {
    target.erase(name);
    return {};
  }
  if (value.is_object()) {
    auto& inner = target[name];
    if (!inner.is_object()) inner = json::Value::object();
    FARHOLM_CHECK(merge(known, inner, value));
    if (json::string_or(value, "$patch") == "delete") target.erase(name);
    return {};
  }
  if (value.is_array()) return merge_list(known, target[name], value);
  target[name] = value;
  return {};
}

Result<void> merge(const Schema* schema, json::Value& target, const json::Value& patch) {
  const auto directive = json::string_or(patch, "$patch");
  if (directive == "delete" || directive == "replace") target = json::Value::object();
  if (directive == "delete") return {};
  if (!directive.empty() && directive != "replace" && directive != "merge")
    return fail(ErrorCode::BadRequest, "unknown patch type found: " + directive);
  if (const auto* keys = json::find(patch, "$retainKeys")) retain_keys(target, *keys);
  for (const auto& [name, value] : patch.items()) {
    if (name.starts_with(kDeleteFrom)) {
      const auto list = target.find(name.substr(kDeleteFrom.size()));
      if (list == target.end()) continue;
      FARHOLM_CHECK(check_length(*list, value));
      delete_items(*list, value);
    } else if (!name.starts_with('$')) {
      FARHOLM_CHECK(merge_member(member_schema(schema, name), target, name, value));
    }
  }
  for (const auto& [name, value] : patch.items()) {
    if (!name.starts_with(kSetOrder)) continue;
    const std::string list_name = name.substr(kSetOrder.size());
    const auto list = target.find(list_name);
    if (list == target.end()) continue;
    FARHOLM_CHECK(check_length(*list, value));
    reorder(member_schema(schema, list_name), *list, value);
  }
  return {};
}

}  // namespace

Result<void> apply_strategic_merge_patch(const Schema& schema, json::Value& target,
                                         const json::Value& patch) {
  if (!patch.is_object() || !target.is_object())
    return fail(ErrorCode::BadRequest, "a strategic merge patch must be a JSON object");
  json::Value rest = patch;
  if (const auto metadata = rest.find("metadata"); metadata != rest.end() && metadata->is_object()) {
    FARHOLM_CHECK(merge(&object_meta_schema(), metadata_of(target), *metadata));
    rest.erase(metadata);
  }
  return merge(&schema, target, rest);
}

}  // namespace farholm::object
