// What a simulated disk consists of. Part of sim_files.cpp and sim_survival.cpp, nobody else's. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/sim/sim_files.h"

namespace farholm::io::sim {

// A change of a file's content that is not durable yet.
struct ContentChange {
  std::uint64_t offset = 0;
  std::string bytes;
  std::optional<std::uint64_t> truncated_to;  // instead of a write

  void apply_to(std::string& content) const {
    if (truncated_to) {
      content.resize(*truncated_to);
      return;
    }
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
    content.replace(offset, bytes.size(), bytes);
  }
};

struct SimFiles::Node {
  FileStatus::Type type = FileStatus::Type::Regular;
  std::uint32_t permissions = 0;
  WallTime modified;

  std::string content;  // as programs see it; of a link its target
  std::string durable_content;
  std::vector<ContentChange> pending;  // what takes durable_content to content
  std::set<std::uint64_t> broken_sectors;
  const void* lock_holder = nullptr;

  std::map<std::string, NodeRef> entries;  // of a folder, as programs see it
  std::map<std::string, NodeRef> durable_entries;
};

// A name that came (from nowhere), went (to nowhere) or moved; atomic.
struct SimFiles::EntryChange {
  NodeRef node;
  Place from;
  Place to;
};

}  // namespace farholm::io::sim
