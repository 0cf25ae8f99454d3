#include <algorithm>
#include <array>
#include <cctype>

#include "agent/support/support_bundle.h"

namespace farholm::agent {
namespace {

// Shorter ones are words that stand everywhere.
constexpr std::size_t kSecretBytesMin = 12;
constexpr const char* kRedacted = "[redacted]";

bool is_secret_name(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.find("public") != std::string::npos) return false;
  return std::ranges::any_of(std::array{"key", "token", "secret", "password"},
                             [&](const char* word) { return name.find(word) != std::string::npos; });
}

void replace_all(std::string& text, const std::string& what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), kRedacted);
}

// From the first line of a private key to its last, or to the end.
void cut_private_keys(std::string& text) {
  constexpr std::string_view kEnd = "-----END";
  while (true) {
    const auto word = text.find("PRIVATE KEY-----");
    if (word == std::string::npos) return;
    const auto begin = text.rfind("-----BEGIN", word);
    const auto end = text.find(kEnd, word);
    const auto last = end == std::string::npos ? text.size() : text.find("-----", end + kEnd.size());
    const auto from = begin == std::string::npos ? word : begin;
    text.replace(from, last == std::string::npos ? last : last + 5 - from, kRedacted);
  }
}

// kubeadm's: [a-z0-9]{6}.[a-z0-9]{16}, as a word.
void cut_bootstrap_tokens(std::string& text) {
  constexpr std::size_t kBefore = 6;
  constexpr std::size_t kAfter = 16;
  const auto is_of_word = [&](std::size_t at) {
    return at < text.size() && (std::islower(static_cast<unsigned char>(text[at])) != 0 ||
                                std::isdigit(static_cast<unsigned char>(text[at])) != 0);
  };
  for (auto dot = text.find('.'); dot != std::string::npos; dot = text.find('.', dot + 1)) {
    if (dot < kBefore || (dot > kBefore && is_of_word(dot - kBefore - 1)) || is_of_word(dot + kAfter + 1))
      continue;
    bool is_token = true;
    for (std::size_t i = 1; i <= kAfter && is_token; ++i)
      is_token = is_of_word(dot + i) && (i > kBefore || is_of_word(dot - i));
    if (is_token) text.replace(dot - kBefore, kBefore + 1 + kAfter, kRedacted);
  }
}

}  // namespace

void Redactor::learn_text(std::string_view text) {
  // A key may be printed line by line.
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    if (line.size() >= kSecretBytesMin && !line.starts_with("-----")) secrets_.emplace(line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
}

void Redactor::learn(const json::Value& document) {
  if (document.is_string()) {
    const auto& text = document.get_ref<const std::string&>();
    if (text.find("PRIVATE KEY") != std::string::npos) learn_text(text);
  } else if (document.is_object()) {
    for (const auto& [name, value] : document.items()) {
      if (value.is_string() && is_secret_name(name))
        learn_text(value.get_ref<const std::string&>());
      else
        learn(value);
    }
  } else if (document.is_array()) {
    for (const auto& value : document) learn(value);
  }
}

std::string Redactor::redact(std::string text) const {
  cut_private_keys(text);
  for (const auto& secret : secrets_) replace_all(text, secret);
  cut_bootstrap_tokens(text);
  return text;
}

}  // namespace farholm::agent
