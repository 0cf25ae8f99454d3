#include "profile/substitution.h"

#include <fmt/format.h>

#include <functional>

#include "object/kind_descriptor.h"
#include "object/validation.h"

namespace farholm::profile {

namespace {

constexpr std::size_t kNameBytesMax = 63;

bool starts_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

// A string scalar as a sequence of literal text and references.
struct Piece {
  enum class Kind : std::uint8_t { Text, Reference, Malformed };
  Kind kind = Kind::Text;
  std::string_view text;  // of a reference: its name; of a malformed one: "${"
};

// Pieces are views into `text`; an escaped `$${` becomes the text `${`.
std::vector<Piece> split(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  std::size_t at = 0;
  const auto flush = [&](std::size_t end) {
    if (end > begin) pieces.push_back({Piece::Kind::Text, text.substr(begin, end - begin)});
  };
  while ((at = text.find('$', at)) != std::string_view::npos) {
    if (text.substr(at, 3) == "$${") {
      flush(at);
      begin = at + 1;  // the second `$` and what follows stay as text
      at += 3;
    } else if (text.substr(at, 2) == "${") {
      flush(at);
      const std::size_t end = text.find('}', at);
      const std::string_view name =
          end == std::string_view::npos ? std::string_view() : text.substr(at + 2, end - at - 2);
      if (is_variable_name(name)) {
        pieces.push_back({Piece::Kind::Reference, name});
        at = end + 1;
      } else {
        pieces.push_back({Piece::Kind::Malformed, text.substr(at, 2)});
        at += 2;
      }
      begin = at;
    } else {
      ++at;
    }
  }
  flush(text.size());
  return pieces;
}

// Calls `visit` for every string scalar with its path.
void for_each_string(const json::Value& value, const std::string& path,
                     const std::function<void(const std::string&, const std::string&)>& visit) {
  if (value.is_string()) {
    visit(value.get_ref<const std::string&>(), path);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      for_each_string(value[i], fmt::format("{}[{}]", path, i), visit);
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.items()) for_each_string(member, member_path(path, name), visit);
  }
}

std::string as_text(const json::Value& value) {
  return value.is_string() ? value.get<std::string>() : json::to_text(value);
}

Result<void> substitute_in(json::Value& value, const Values& values, const std::string& path) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      FARHOLM_CHECK(substitute_in(value[i], values, fmt::format("{}[{}]", path, i)));
    return {};
  }
  if (value.is_object()) {
    for (auto& [name, member] : value.items())
      FARHOLM_CHECK(substitute_in(member, values, member_path(path, name)));
    return {};
  }
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  if (text.find("${") == std::string::npos) return {};
  std::string result;
  const auto pieces = split(text);
  for (const Piece& piece : pieces) {
    if (piece.kind != Piece::Kind::Reference) {
      result += piece.text;
      continue;
    }
    const auto found = values.find(std::string(piece.text));
    if (found == values.end())
      return fail(ErrorCode::Invalid,
                  fmt::format("{} refers to variable {}, which has no value: set it in the "
                              "site's spec.variables",
                              path, piece.text));
    if (pieces.size() == 1) {
      value = json::Value(found->second);
      return {};
    }
    result += as_text(found->second);
  }
  value = std::move(result);
  return {};
}

}  // namespace

bool is_variable_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || !starts_name(text[0])) return false;
  for (const char c : text)
    if (!continues_name(c)) return false;
  return true;
}

std::string member_path(const std::string& path, std::string_view member) {
  return object::child_path(path, member);
}

References find_references(const json::Value& value, const std::string& path) {
  References references;
  for_each_string(value, path, [&](const std::string& text, const std::string& where) {
    for (const Piece& piece : split(text)) {
      if (piece.kind == Piece::Kind::Reference) references.names.emplace(piece.text);
      if (piece.kind == Piece::Kind::Malformed)
        references.malformed.push_back(object::field_invalid(
            where, text,
            "\"${\" must be followed by a variable's name and \"}\"; write $${ for a literal ${"));
    }
  });
  return references;
}

Result<json::Value> substitute(const json::Value& value, const Values& values) {
  json::Value result = value;
  FARHOLM_CHECK(substitute_in(result, values, ""));
  return result;
}

json::Value escape_others(const json::Value& value, const std::set<std::string>& names) {
  if (value.is_array() || value.is_object()) {
    json::Value result = value;
    for (auto& member : result) member = escape_others(member, names);
    return result;
  }
  if (!value.is_string()) return value;
  const std::string_view text = value.get_ref<const std::string&>();
  std::string result;
  std::size_t at = 0;
  for (std::size_t found = 0; (found = text.find("${", at)) != std::string_view::npos; at = found + 2) {
    result += text.substr(at, found - at);
    const std::size_t end = text.find('}', found);
    const std::string name(end == std::string_view::npos ? "" : text.substr(found + 2, end - found - 2));
    result += names.contains(name) ? "${" : "$${";
  }
  result += text.substr(at);
  return result;
}

}  // namespace farholm::profile
