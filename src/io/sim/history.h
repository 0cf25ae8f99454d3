// History: what happened in a simulated world, as one hash, so that two runs can be compared. Keeps its last
// lines, for whoever must find where they parted. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace farholm::io::sim {

inline constexpr std::size_t kHistoryLinesMax = 200;

class History {
 public:
  void note(std::string_view line) {
    for (const char letter : line) mix(static_cast<unsigned char>(letter));
    mix('\n');
    ++count_;
    if (lines_.size() == kHistoryLinesMax) lines_.pop_front();
    lines_.emplace_back(line);
  }
  // FNV-1a over all lines: it tells runs apart, and protects against nobody.
  std::uint64_t hash() const { return hash_; }
  std::uint64_t count() const { return count_; }
  const std::deque<std::string>& last_lines() const { return lines_; }

 private:
  void mix(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }

  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::uint64_t count_ = 0;
  std::deque<std::string> lines_;
};

}  // namespace farholm::io::sim
