#include "agent/machine_id.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace farholm::agent {
namespace {

constexpr std::uint64_t kIdBytesMax = 4096;

// Empty unless it looks like an ID: letters, digits and dashes, and not the same letter all along (boards
// that were never given a UUID answer with zeros or Fs).
std::string cleaned(std::string text) {
  std::erase_if(text, [](unsigned char letter) { return std::isspace(letter) != 0; });
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const bool shaped =
      text.size() >= 8 && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char letter) {
        return std::isalnum(letter) != 0 || letter == '-';
      });
  std::string letters = text;
  std::erase(letters, '-');
  const bool blank = letters.empty() || letters.find_first_not_of(letters.front()) == std::string::npos;
  return shaped && !blank ? text : std::string();
}

}  // namespace

Result<std::string> machine_id(io::Files& files, const std::string& sysroot) {
  constexpr std::array<std::string_view, 2> kPlaces{"/sys/class/dmi/id/product_uuid", "/etc/machine-id"};
  for (const auto place : kPlaces) {
    // Unreadable is as good as absent: without root the UUID is hidden.
    const auto text = io::read_file(files, sysroot + std::string(place), kIdBytesMax);
    if (!text) continue;
    if (auto id = cleaned(*text); !id.empty()) return id;
  }
  return fail(
      ErrorCode::NotFound,
      "this machine has neither a DMI product UUID nor an /etc/machine-id: give it a name with --machine-id");
}

}  // namespace farholm::agent
