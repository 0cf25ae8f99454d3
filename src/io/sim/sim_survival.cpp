// What is on a simulated disk after its power was cut, and how it gets there.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "io/sim/sim_file_node.h"
#include "io/sim/sim_files.h"

namespace farholm::io::sim {
namespace {

// Some of the sectors that the write touches, each or not.
void apply_torn(const ContentChange& change, std::string& content, SimEntropy& entropy) {
  if (change.truncated_to) {
    if (entropy.once_in(2)) change.apply_to(content);
    return;
  }
  std::uint64_t done = 0;
  while (done < change.bytes.size()) {
    const std::uint64_t offset = change.offset + done;
    const std::uint64_t count = std::min(kSectorBytes - offset % kSectorBytes, change.bytes.size() - done);
    if (entropy.once_in(2)) {
      ContentChange{.offset = offset, .bytes = change.bytes.substr(done, count), .truncated_to = {}}.apply_to(
          content);
    }
    done += count;
  }
}

}  // namespace

// Everything that concerns a name of this folder, and what happened to the same files before that.
Result<void> SimFiles::sync_directory(const std::string& path) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(const auto folder, find(path, /*follow=*/true));
  if (folder->type != FileStatus::Type::Directory) {
    return fail(ErrorCode::BadRequest, fmt::format("{}: is not a folder", path));
  }
  FARHOLM_CHECK(pass_boundary("sync folder", path, [] {}));
  std::vector<bool> durable(pending_entries_.size(), false);
  std::set<const Node*> concerned;
  for (std::size_t i = pending_entries_.size(); i > 0; --i) {
    const EntryChange& change = pending_entries_[i - 1];
    if (change.from.folder == folder || change.to.folder == folder) concerned.insert(change.node.get());
    durable[i - 1] = concerned.contains(change.node.get());
  }
  std::vector<EntryChange> left;
  for (std::size_t i = 0; i < pending_entries_.size(); ++i) {
    if (durable[i]) {
      apply(pending_entries_[i], /*durable=*/true);
    } else {
      left.push_back(std::move(pending_entries_[i]));
    }
  }
  pending_entries_ = std::move(left);
  return {};
}

void SimFiles::settle_entries(Survival survival) {
  std::set<const Node*> lost;  // once a change of a file is lost, so are its later ones
  for (std::size_t i = 0; i < pending_entries_.size(); ++i) {
    const EntryChange& change = pending_entries_[i];
    const bool last = i + 1 == pending_entries_.size();
    const bool survives = survival == Survival::Everything ||
                          (survival == Survival::Each && entropy_.once_in(2)) ||
                          (survival == Survival::TornLast && (!last || entropy_.once_in(2)));
    if (!survives) lost.insert(change.node.get());
    if (!lost.contains(change.node.get())) apply(change, /*durable=*/true);
  }
  pending_entries_.clear();
}

void SimFiles::settle(Node& node, Survival survival) {
  for (std::size_t i = 0; i < node.pending.size(); ++i) {
    const ContentChange& change = node.pending[i];
    const bool last = i + 1 == node.pending.size();
    if (survival == Survival::TornLast && last) {
      apply_torn(change, node.durable_content, entropy_);
    } else if (survival == Survival::Everything || survival == Survival::TornLast ||
               (survival == Survival::Each && entropy_.once_in(2))) {
      change.apply_to(node.durable_content);
    }
  }
  node.pending.clear();
  if (node.type == FileStatus::Type::Regular) node.content = node.durable_content;
  node.lock_holder = nullptr;
  node.entries = node.durable_entries;
  used_bytes_ += node.content.size();
  for (auto& [name, below] : node.entries) settle(*below, survival);
}

void SimFiles::restart(Survival survival) {
  history_.note(fmt::format("{} restart {}", name_, static_cast<int>(survival)));
  settle_entries(survival);
  used_bytes_ = 0;
  settle(*root_, survival);
  ++incarnation_;
  cut_at_.reset();
  powered_ = true;
}

void SimFiles::break_sector(const std::string& path, std::uint64_t offset) {
  auto node = find(path, /*follow=*/true);
  FARHOLM_ASSERT(node);
  (*node)->broken_sectors.insert(offset / kSectorBytes);
}

void SimFiles::flip_bits(const std::string& path, std::uint64_t offset, std::uint8_t mask) {
  auto node = find(path, /*follow=*/true);
  FARHOLM_ASSERT(node && offset < (*node)->content.size());
  for (std::string* content : {&(*node)->content, &(*node)->durable_content}) {
    if (offset < content->size()) (*content)[offset] = static_cast<char>((*content)[offset] ^ mask);
  }
}

void SimFiles::make_link(const std::string& path, std::string target) {
  auto place = find_place(path);
  FARHOLM_ASSERT(place);
  auto node = std::make_shared<Node>();
  node->type = FileStatus::Type::Symlink;
  node->permissions = 0777;
  node->content = std::move(target);
  place->folder->entries[place->name] = node;
  place->folder->durable_entries[place->name] = std::move(node);
}

}  // namespace farholm::io::sim
