#include <algorithm>

#include "object/selector.h"

namespace farholm::object {

namespace {

std::unexpected<Error> bad_selector(std::string message) {
  return fail(ErrorCode::BadRequest, std::move(message));
}

bool is_selectable(std::string_view path, const std::vector<std::string>& selectable) {
  if (path == "metadata.name" || path == "metadata.namespace") return true;
  return std::any_of(selectable.begin(), selectable.end(), [&](std::string_view one) {
    if (one.starts_with('.')) one.remove_prefix(1);
    return one == path;
  });
}

// Unescapes \\, \= and \, as fields.EscapeValue writes them.
Result<std::string> unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size() || std::string_view("\\=,").find(text[i]) == std::string_view::npos)
        return bad_selector("invalid field selector: a backslash must be followed by one of \\ = ,");
    } else if (text[i] == '=') {
      return bad_selector("invalid field selector: a value must not contain an unescaped =");
    }
    plain += text[i];
  }
  return plain;
}

// Up to the next comma that is not escaped; moves behind it.
std::string_view take_term(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != ',') end += text[end] == '\\' ? 2 : 1;
  end = std::min(end, text.size());
  const auto term = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return term;
}

Result<FieldSelector::Term> parse_term(std::string_view text) {
  const auto at = text.find('=');
  if (at == std::string_view::npos || at == 0)
    return bad_selector("invalid selector: '" + std::string(text) + "'; can't understand '" +
                        std::string(text) + "'");
  FieldSelector::Term term;
  term.equal = text[at - 1] != '!';
  term.path = text.substr(0, term.equal ? at : at - 1);
  auto value = text.substr(at + 1);
  if (term.equal && value.starts_with('=')) value.remove_prefix(1);
  FARHOLM_TRY(term.value, unescape(value));
  return term;
}

std::string field_text(const json::Value& object, std::string_view path) {
  const json::Value* value = &object;
  while (value && !path.empty()) {
    const auto dot = path.find('.');
    value = json::find(*value, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  if (!value || value->is_null()) return {};
  return value->is_string() ? value->get<std::string>() : json::to_text(*value);
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(std::string_view text,
                                           const std::vector<std::string>& selectable) {
  if (text.size() > kSelectorBytesMax) return bad_selector("invalid field selector: it is too long");
  FieldSelector selector;
  while (!text.empty()) {
    const auto part = take_term(text);
    if (part.empty()) continue;
    FARHOLM_TRY(auto term, parse_term(part));
    if (!is_selectable(term.path, selectable)) return bad_selector("field label not supported: " + term.path);
    selector.terms_.push_back(std::move(term));
    if (selector.terms_.size() > kSelectorRequirementsMax)
      return bad_selector("invalid field selector: it has too many terms");
  }
  return selector;
}

bool FieldSelector::matches(const json::Value& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    return (field_text(object, term.path) == term.value) == term.equal;
  });
}

std::optional<std::string> FieldSelector::exact(std::string_view path) const {
  for (const auto& term : terms_)
    if (term.equal && term.path == path) return term.value;
  return std::nullopt;
}

}  // namespace farholm::object
