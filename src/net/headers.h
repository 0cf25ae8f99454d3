// The header fields of a message: in order, names compared without regard to case (RFC 9110 §5). Values are
// kept as they came, without surrounding white space. A plain value: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farholm::net {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

bool equals_ignoring_case(std::string_view a, std::string_view b);

class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  // In place of all of that name.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  // The first of that name; it lives as long as this is not changed.
  std::optional<std::string_view> find(std::string_view name) const;
  // The first of that name, or "".
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  std::vector<std::string_view> find_all(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // Whether a comma-separated list, in any of the fields of that name, has the token ("Connection: close").
  bool has_token(std::string_view name, std::string_view token) const;

  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Header> fields_;
};

}  // namespace farholm::net
