#include "agent/hold.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "object/timestamp.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kHoldFileBytesMax = 4096;
constexpr std::string_view kUntil = "until ";

// Fit for a log, a terminal and a status.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& byte : line)
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = ' ';
  line = cut_text(std::move(line), kHoldReasonBytesMax);
  const auto last = line.find_last_not_of(' ');
  line.erase(last == std::string::npos ? 0 : last + 1);
  return line;
}

}  // namespace

std::optional<Hold> read_hold(io::Files& files, const std::string& path, io::WallTime now) {
  const auto text = io::read_file_if_exists(files, path, kHoldFileBytesMax);
  if (!text) return Hold{.until = {}, .reason = one_line("its file cannot be read: " + text.error().message)};
  if (!*text) return std::nullopt;
  Hold hold;
  std::string_view rest = **text;
  if (rest.starts_with(kUntil)) {
    const auto line = rest.substr(kUntil.size(), rest.find('\n') - kUntil.size());
    hold.until = object::parse_rfc3339(one_line(line));
    if (hold.until) rest.remove_prefix(std::min(rest.size(), kUntil.size() + line.size() + 1));
  }
  hold.reason = one_line(rest);
  if (hold.until && *hold.until <= now) return std::nullopt;
  return hold;
}

Result<void> write_hold(io::Files& files, const std::string& path, const Hold& hold) {
  if (one_line(hold.reason) != hold.reason)
    return fail(ErrorCode::Invalid,
                fmt::format("the reason must be one line of at most {} bytes", kHoldReasonBytesMax));
  const std::string until = hold.until ? fmt::format("{}{}\n", kUntil, io::to_rfc3339(*hold.until)) : "";
  return io::write_file_atomically(files, path, until + hold.reason + "\n");
}

Result<void> remove_hold(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto there, io::status_if_exists(files, path));
  if (!there) return {};
  FARHOLM_CHECK(files.remove(path));
  return files.sync_directory(path.substr(0, path.find_last_of('/')));
}

}  // namespace farholm::agent
