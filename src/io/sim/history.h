// History: what happened in a simulated world, as one hash, so that two runs can be compared. Keeps its last
// lines, for whoever must find where they parted. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>

namespace farholm::io::sim {

inline constexpr std::size_t kHistoryLinesMax = 200;

class History {
 public:
  static std::uint64_t digest(std::string_view bytes) { return mix(kSeed, bytes); }

  void note(std::string_view line) {
    hash_ = mix(hash_, line);
    ++count_;
    if (lines_.size() == kHistoryLinesMax) lines_.pop_front();
    lines_.emplace_back(line);
  }
  // Over all lines: it tells runs apart, and protects against nobody.
  std::uint64_t hash() const { return hash_; }
  std::uint64_t count() const { return count_; }
  const std::deque<std::string>& last_lines() const { return lines_; }

 private:
  static constexpr std::uint64_t kSeed = 0xcbf29ce484222325;

  // FNV-1a, eight bytes at a time, with the length at the end.
  static std::uint64_t mix(std::uint64_t hash, std::string_view bytes) {
    constexpr std::uint64_t kPrime = 0x100000001b3;
    const std::uint64_t length = bytes.size();
    for (std::uint64_t word = 0; !bytes.empty(); word = 0) {
      const std::size_t count = std::min(bytes.size(), sizeof(word));
      std::memcpy(&word, bytes.data(), count);
      bytes.remove_prefix(count);
      hash = (hash ^ word) * kPrime;
      hash ^= hash >> 32;  // else the upper bytes of a word would reach the upper bytes of the hash only
    }
    return (hash ^ length) * kPrime;
  }

  std::uint64_t hash_ = kSeed;
  std::uint64_t count_ = 0;
  std::deque<std::string> lines_;
};

}  // namespace farholm::io::sim
