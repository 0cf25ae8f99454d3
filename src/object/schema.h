// Schema: what a field may hold. Kinds describe themselves with it once, in C++; validation, defaults,
// pruning, the CustomResourceDefinition, the OpenAPI documents and the reference pages are all derived from
// it. A structural schema in Kubernetes' sense (apiextensions.k8s.io/v1 JSONSchemaProps), built like a
// sentence:
//
//   Schema spec = object("What the site should be.", {
//       {"profile", object("The profile.", {{"name", string("Its name.").at_least(1)}}, {"name"})},
//       {"nodes", array("Nodes.", string("A node.")).at_most(9).as_set()},
//   }, {"profile"});
//
// A value: copied freely (subtrees are shared and never changed), any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/json.h"

namespace re2 {
class RE2;
}

namespace farholm::object {

struct Property;

struct Schema {
  enum class Type : std::uint8_t { Any, Object, Array, String, Integer, Number, Boolean };
  // How a list is merged and compared: whole, as a set of scalars, or as objects told apart by
  // `list_map_keys`.
  enum class ListType : std::uint8_t { Atomic, Set, Map };

  Type type = Type::Any;
  std::string description;
  std::string format;   // date-time, int32, int64, byte, duration, uuid, ipv4, ipv6, cidr
  std::string pattern;  // RE2; matches anywhere unless it is anchored
  std::shared_ptr<const re2::RE2> compiled_pattern;
  std::vector<Property> properties;          // of an object, in the order in which they are documented
  std::vector<std::string> required;         // names of properties
  std::shared_ptr<const Schema> items;       // of an array
  std::shared_ptr<const Schema> additional;  // of an object used as a map: its values
  std::vector<json::Value> enumeration;      // the only values allowed; empty: any
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<std::uint64_t> length_min;  // of a string in code points, an array in items, a map in members
  std::optional<std::uint64_t> length_max;
  std::optional<json::Value> default_value;
  ListType list_type = ListType::Atomic;
  std::vector<std::string> list_map_keys;
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;  // members that are not in `properties` are kept and not looked at
  bool immutable = false;         // an update may not change it ("field is immutable")
  bool sensitive = false;         // its values are never repeated in a message

  // The sentence. Each returns the schema itself.
  Schema& matching(std::string regular_expression);  // asserts that it compiles
  Schema& one_of(std::initializer_list<const char*> values);
  Schema& between(double least, double most);
  Schema& at_least(double bound);  // of a number its value, of anything else its length
  Schema& at_most(double bound);
  Schema& in_format(std::string name);
  Schema& defaults_to(json::Value value);
  Schema& or_null();
  Schema& as_set();
  Schema& as_map_by(std::vector<std::string> keys);
  Schema& fixed();                // immutable once set
  Schema& hidden();               // sensitive
  Schema& with_unknown_fields();  // preserve_unknown

  const Schema* property(std::string_view name) const;  // nullptr when there is none
  // The schema of a member of an object: a property, or what a map's values are; nullptr when unknown.
  const Schema* member(std::string_view name) const;
};

struct Property {
  std::string name;
  Schema schema;
};

Schema object(std::string description, std::vector<Property> properties,
              std::vector<std::string> required = {});
Schema map_of(std::string description, Schema values);
Schema array(std::string description, Schema items);
Schema string(std::string description);
Schema integer(std::string description);  // int64
Schema number(std::string description);
Schema boolean(std::string description);
Schema int_or_string(std::string description);
Schema timestamp(std::string description);       // string in RFC 3339
Schema anything(std::string description);        // any JSON value, kept whole
Schema any_object(std::string description);      // an object whose members are kept whole
Schema conditions(std::string description);      // metav1.Condition list, keyed by type
Schema label_selector(std::string description);  // metav1.LabelSelector

}  // namespace farholm::object
