#include <fmt/format.h>
#include <yaml.h>

#include <map>
#include <memory>

#include "base/assert.h"
#include "json/json.h"
#include "json/yaml_scalar.h"

namespace farholm::json {
namespace {

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  yaml_event_t* operator->() { return &event_; }

 private:
  yaml_event_t event_{};
};

// Builds values from libyaml's events. Everything that is made, copies by alias and for anchors included, is
// counted against the limits, so that "a billion laughs" ends at values_max.
class Reader {
 public:
  Reader(std::string_view text, const Limits& limits) : limits_(limits) {
    FARHOLM_ASSERT(yaml_parser_initialize(&parser_) == 1);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { yaml_parser_delete(&parser_); }

  Result<std::vector<Value>> documents() {
    std::vector<Value> documents;
    while (true) {
      Event event;
      FARHOLM_CHECK(next(event));
      if (event->type == YAML_STREAM_END_EVENT) return documents;
      if (event->type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      FARHOLM_CHECK(charge(1, 0));
      Event first;
      FARHOLM_CHECK(next(first));
      FARHOLM_TRY(auto node, read(first, 0));
      documents.push_back(std::move(node.value));
    }
  }

 private:
  // A value and what it costs to have it once more.
  struct Node {
    Value value;
    std::size_t values = 1;
    std::size_t bytes = 0;
    std::size_t depth = 0;
  };

  std::unexpected<Error> wrong(std::string_view what) const { return wrong(ErrorCode::BadRequest, what); }
  std::unexpected<Error> wrong(ErrorCode code, std::string_view what) const {
    return fail(code, fmt::format("this YAML cannot be read: line {}: {}", mark_.line + 1, what));
  }

  Result<void> next(Event& event) {
    if (yaml_parser_parse(&parser_, event.get()) == 1) {
      mark_ = event->start_mark;
      return {};
    }
    mark_ = parser_.problem_mark;
    return wrong(parser_.problem == nullptr ? "it is not YAML" : parser_.problem);
  }

  Result<void> charge(std::size_t values, std::size_t bytes) {
    values_ += values;
    bytes_ += bytes;
    if (values_ > limits_.values_max) {
      return wrong(ErrorCode::RequestEntityTooLarge,
                   fmt::format("more than the {} values that are allowed", limits_.values_max));
    }
    // Twice, because anchors are kept beside their first use.
    if (bytes_ / 2 > limits_.bytes_max) {
      return wrong(
          ErrorCode::RequestEntityTooLarge,
          fmt::format("aliases make it longer than the {} bytes that are allowed", limits_.bytes_max));
    }
    return {};
  }

  Result<Node> read(Event& event, std::size_t depth) {
    switch (event->type) {
      case YAML_ALIAS_EVENT:
        return alias(text_of(event->data.alias.anchor), depth);
      case YAML_SCALAR_EVENT: {
        FARHOLM_TRY(auto node, scalar(event->data.scalar));
        return anchored(std::move(node), event->data.scalar.anchor);
      }
      case YAML_SEQUENCE_START_EVENT: {
        FARHOLM_CHECK(check_container(event->data.sequence_start.tag, "tag:yaml.org,2002:seq", depth));
        FARHOLM_TRY(auto node, sequence(depth + 1));
        return anchored(std::move(node), event->data.sequence_start.anchor);
      }
      case YAML_MAPPING_START_EVENT: {
        FARHOLM_CHECK(check_container(event->data.mapping_start.tag, "tag:yaml.org,2002:map", depth));
        FARHOLM_TRY(auto node, mapping(depth + 1));
        return anchored(std::move(node), event->data.mapping_start.anchor);
      }
      default:
        return wrong("a value is missing");
    }
  }

  Result<void> check_container(const yaml_char_t* tag, std::string_view expected, std::size_t depth) const {
    if (tag != nullptr && text_of(tag) != expected && text_of(tag) != "!") {
      return wrong(fmt::format("the tag {} is not supported", text_of(tag)));
    }
    if (depth >= limits_.depth_max) {
      return wrong(fmt::format("it is nested deeper than {} levels", limits_.depth_max));
    }
    return {};
  }

  Result<Node> alias(std::string_view name, std::size_t depth) {
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return wrong(fmt::format("nothing is anchored as &{}", name));
    const Node& node = found->second;
    if (depth + node.depth > limits_.depth_max) {
      return wrong(fmt::format("it is nested deeper than {} levels", limits_.depth_max));
    }
    FARHOLM_CHECK(charge(node.values, node.bytes));
    return node;
  }

  Result<Node> anchored(Node node, const yaml_char_t* anchor) {
    if (anchor == nullptr) return node;
    FARHOLM_CHECK(charge(node.values, node.bytes));
    anchors_.insert_or_assign(std::string(text_of(anchor)), node);
    return node;
  }

  template <class Scalar>
  Result<Node> scalar(const Scalar& scalar) {
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    FARHOLM_CHECK(charge(1, text.size()));
    Node node{.value = nullptr, .values = 1, .bytes = text.size(), .depth = 0};
    constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
    std::string_view tag = text_of(scalar.tag);
    if (tag.starts_with(kPrefix)) {
      tag.remove_prefix(kPrefix.size());
    } else if (!tag.empty() && tag != "!") {
      return wrong(fmt::format("the tag {} is not supported", tag));
    }
    const bool plain = tag.empty() && scalar.plain_implicit == 1;
    if (tag == "!" || tag == "str" || (tag.empty() && !plain)) {
      node.value = text;
      return node;
    }
    auto value = resolve_plain_scalar(text);
    if (!value) return wrong(ErrorCode::Invalid, value.error().message);
    const bool fits = tag.empty() || (tag == "null" && value->is_null()) ||
                      (tag == "bool" && value->is_boolean()) ||
                      (tag == "int" && value->is_number_integer()) || (tag == "float" && value->is_number());
    if (!fits) return wrong(fmt::format("\"{}\" cannot be read as !!{}", text, tag));
    node.value = std::move(*value);
    return node;
  }

  static void add(Node& whole, const Node& part) {
    whole.values += part.values;
    whole.bytes += part.bytes;
    whole.depth = std::max(whole.depth, part.depth + 1);
  }

  Result<Node> sequence(std::size_t depth) {
    FARHOLM_CHECK(charge(1, 0));
    Node node{.value = Value::array(), .values = 1, .bytes = 0, .depth = 1};
    while (true) {
      Event event;
      FARHOLM_CHECK(next(event));
      if (event->type == YAML_SEQUENCE_END_EVENT) return node;
      FARHOLM_TRY(auto element, read(event, depth));
      add(node, element);
      node.value.push_back(std::move(element.value));
    }
  }

  Result<Node> mapping(std::size_t depth) {
    FARHOLM_CHECK(charge(1, 0));
    Node node{.value = Value::object(), .values = 1, .bytes = 0, .depth = 1};
    std::vector<Value> merged;  // by "<<": YAML 1.1's merge key; what is written out wins
    while (true) {
      Event key;
      FARHOLM_CHECK(next(key));
      if (key->type == YAML_MAPPING_END_EVENT) break;
      const bool merge = key->type == YAML_SCALAR_EVENT && key->data.scalar.plain_implicit == 1 &&
                         text_of(key->data.scalar.value) == "<<";
      FARHOLM_TRY(auto name, read(key, depth));
      Event event;
      FARHOLM_CHECK(next(event));
      FARHOLM_TRY(auto value, read(event, depth));
      add(node, name);
      add(node, value);
      if (merge) {
        if (value.value.is_object()) value.value = Value::array({std::move(value.value)});
        if (!value.value.is_array()) return wrong("<< must name a mapping");
        for (auto& each : value.value) {
          if (!each.is_object()) return wrong("<< must name a mapping");
          merged.push_back(std::move(each));
        }
        continue;
      }
      FARHOLM_TRY(auto member, member_name(name.value));
      if (node.value.contains(member)) return wrong(fmt::format("the key \"{}\" comes twice", member));
      node.value[std::move(member)] = std::move(value.value);
    }
    for (auto& each : merged) {
      for (auto& [name, value] : each.items()) {
        if (!node.value.contains(name)) node.value[name] = std::move(value);
      }
    }
    return node;
  }

  // JSON's members are strings: 80 becomes "80", as Kubernetes' tools do it.
  Result<std::string> member_name(const Value& name) const {
    if (name.is_string()) return name.get<std::string>();
    if (name.is_boolean() || name.is_number()) return name.dump();
    return wrong("a key must be a string, a number or a boolean");
  }

  const Limits& limits_;
  yaml_parser_t parser_{};
  yaml_mark_t mark_{};
  std::map<std::string, Node, std::less<>> anchors_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<Value>> parse_yaml_stream(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::RequestEntityTooLarge,
                fmt::format("it is longer than the {} bytes that are allowed", limits.bytes_max));
  }
  Reader reader(text, limits);
  FARHOLM_TRY(auto documents, reader.documents());
  std::erase_if(documents, [](const Value& document) { return document.is_null(); });
  return documents;
}

Result<Value> parse_yaml(std::string_view text, const Limits& limits) {
  FARHOLM_TRY(auto documents, parse_yaml_stream(text, limits));
  if (documents.size() > 1) {
    return fail(ErrorCode::BadRequest,
                fmt::format("one YAML document was expected, {} came", documents.size()));
  }
  if (documents.empty()) return Value(nullptr);
  return std::move(documents.front());
}

}  // namespace farholm::json
