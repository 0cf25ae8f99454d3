// How the inventory reads: below a sysroot, bounded, and with nothing instead of errors. Owned by the caller
// of read_inventory for as long as that lasts. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"
#include "json/json.h"

namespace farholm::agent::inventory {

// Longer texts are cut: a value of sysfs is at most a page, and what people wrote into DMI is shorter.
inline constexpr std::size_t kTextBytesMax = 128;
inline constexpr std::uint64_t kValueFileBytesMax = 4096;

class Sysroot {
 public:
  Sysroot(io::Files& files, std::string root) : files_(files), root_(std::move(root)) {}

  // The whole file, or nothing when it cannot be read or is longer than the limit.
  std::optional<std::string> file(const std::string& path, std::uint64_t limit_bytes) const;
  // One value: the text as clean() makes it; nothing when that is empty.
  std::optional<std::string> text(const std::string& path) const;
  // A decimal or 0x number that is the whole text.
  std::optional<std::int64_t> number(const std::string& path) const;
  std::optional<bool> flag(const std::string& path) const;  // 0 or 1
  bool exists(const std::string& path) const;
  // Sorted by name; empty when it is no folder; at most `entries_max`.
  std::vector<std::string> names(const std::string& path, std::size_t entries_max) const;
  // What a symbolic link says, and the last component of that (sysfs names drivers so).
  std::optional<std::string> link(const std::string& path) const;
  std::optional<std::string> link_name(const std::string& path) const;

 private:
  io::Files& files_;
  std::string root_;
};

// Printable UTF-8 on one line without space around it, at most kTextBytesMax.
std::string clean(std::string_view text);
std::optional<std::int64_t> parse_number(std::string_view text);
std::string_view trim(std::string_view text);
// What firmware says when nobody filled the field in: "To Be Filled By O.E.M.", "Default string", …
bool is_placeholder(std::string_view text);

// Puts a member only when there is something to put.
void put(json::Value& object, const char* member, std::optional<std::string> value);
void put(json::Value& object, const char* member, std::optional<std::int64_t> value);
void put(json::Value& object, const char* member, std::optional<bool> value);
void put_all(json::Value& object, const char* member, json::Value container);  // when it is not empty

// Calls `visit(line)` for each line, without its end.
template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace farholm::agent::inventory
