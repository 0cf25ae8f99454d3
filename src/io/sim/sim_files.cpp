#include "io/sim/sim_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "io/sim/sim_file_node.h"

namespace farholm::io::sim {
namespace {

constexpr int kLinksFollowedMax = 8;

std::vector<std::string> components(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  return parts;
}

std::unexpected<Error> not_found(const std::string& path) {
  return fail(ErrorCode::NotFound, fmt::format("{}: no such file or folder", path));
}
std::unexpected<Error> failing(const std::string& path, std::string_view why) {
  return fail(ErrorCode::ServiceUnavailable, fmt::format("{}: {}", path, why));
}
std::unexpected<Error> wrong_type(const std::string& path, std::string_view what) {
  return fail(ErrorCode::BadRequest, fmt::format("{}: is {}", path, what));
}

void nothing_in_flight() {}

}  // namespace

Result<void> SimFiles::pass_boundary(std::string_view what, const std::string& path,
                                     const std::function<void()>& in_flight) {
  ++boundaries_;
  history_.note(fmt::format("{} {} {} {}", name_, boundaries_, what, path));
  if (cut_at_ && boundaries_ >= *cut_at_) {
    in_flight();
    cut_power();
    return failing(path, "the power went");
  }
  if (failing_boundaries_.contains(boundaries_)) return failing(path, "input/output error");
  return {};
}

void SimFiles::cut_power() {
  if (std::exchange(powered_, false) && power_lost_) power_lost_();
}

class SimFile final : public File {
 public:
  SimFile(SimFiles& files, SimFiles::NodeRef node, std::string path, bool writable)
      : files_(files),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        incarnation_(files.incarnation_) {}
  ~SimFile() override {
    if (node_->lock_holder == this) node_->lock_holder = nullptr;
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    FARHOLM_CHECK(check());
    const std::string& content = node_->content;
    if (offset >= content.size()) return 0;
    const std::size_t count = std::min<std::uint64_t>(into.size(), content.size() - offset);
    const auto broken = node_->broken_sectors.lower_bound(offset / kSectorBytes);
    if (broken != node_->broken_sectors.end() && *broken * kSectorBytes < offset + count) {
      return failing(path_, fmt::format("input/output error at {}", *broken * kSectorBytes));
    }
    std::memcpy(into.data(), content.data() + offset, count);
    return count;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    FARHOLM_CHECK(check_writable());
    const std::uint64_t end = offset + bytes.size();
    const std::uint64_t grown = end > node_->content.size() ? end - node_->content.size() : 0;
    if (files_.used_bytes_ + grown > files_.capacity_bytes_) return failing(path_, "the disk is full");
    ContentChange change{.offset = offset, .bytes = std::string(as_text(bytes)), .truncated_to = {}};
    FARHOLM_CHECK(files_.pass_boundary(
        fmt::format("write {}+{} {:x}", offset, bytes.size(), History::digest(as_text(bytes))), path_,
        [&] { node_->pending.push_back(change); }));
    files_.used_bytes_ += grown;
    node_->broken_sectors.erase(node_->broken_sectors.lower_bound(offset / kSectorBytes),
                                node_->broken_sectors.lower_bound((end + kSectorBytes - 1) / kSectorBytes));
    do_change(std::move(change));
    return {};
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    FARHOLM_CHECK(check_writable());
    const std::uint64_t before = node_->content.size();
    if (size_bytes > before && files_.used_bytes_ + size_bytes - before > files_.capacity_bytes_) {
      return failing(path_, "the disk is full");
    }
    ContentChange change{.offset = 0, .bytes = {}, .truncated_to = size_bytes};
    FARHOLM_CHECK(files_.pass_boundary(fmt::format("truncate {}", size_bytes), path_,
                                       [&] { node_->pending.push_back(change); }));
    files_.used_bytes_ += size_bytes;
    files_.used_bytes_ -= before;
    do_change(std::move(change));
    return {};
  }

  Result<std::uint64_t> size_bytes() override {
    FARHOLM_CHECK(check());
    return node_->content.size();
  }

  Result<void> sync() override {
    FARHOLM_CHECK(check());
    FARHOLM_CHECK(files_.pass_boundary("sync", path_, nothing_in_flight));
    for (const auto& change : node_->pending) change.apply_to(node_->durable_content);
    node_->pending.clear();
    return {};
  }

  Result<void> lock() override {
    FARHOLM_CHECK(check());
    if (node_->lock_holder != nullptr && node_->lock_holder != this) {
      return fail(ErrorCode::Conflict, fmt::format("{}: somebody else has locked it", path_));
    }
    node_->lock_holder = this;
    return {};
  }

 private:
  Result<void> check() const {
    FARHOLM_CHECK(files_.check_power());
    if (incarnation_ == files_.incarnation_) return {};
    return failing(path_, "the file was open in a process that is gone");
  }
  Result<void> check_writable() const {
    FARHOLM_CHECK(check());
    if (writable_) return {};
    return fail(ErrorCode::Forbidden, fmt::format("{}: was opened to read", path_));
  }
  void do_change(ContentChange change) {
    change.apply_to(node_->content);
    node_->modified = files_.clock_.now();
    node_->pending.push_back(std::move(change));
  }

  SimFiles& files_;
  const SimFiles::NodeRef node_;
  const std::string path_;
  const bool writable_;
  const std::uint64_t incarnation_;
};

SimFiles::SimFiles(const Clock& clock, SimEntropy entropy, History& history, std::string name)
    : clock_(clock),
      entropy_(entropy),
      history_(history),
      name_(std::move(name)),
      root_(std::make_shared<Node>()) {
  root_->type = FileStatus::Type::Directory;
  root_->permissions = 0755;
}

SimFiles::~SimFiles() = default;

Result<void> SimFiles::check_power() const {
  if (powered_) return {};
  return fail(ErrorCode::ServiceUnavailable, "the power is off");
}

Result<SimFiles::NodeRef> SimFiles::find(const std::string& path, bool follow) const {
  std::vector<std::string> parts = components(path);
  NodeRef node = root_;
  int links_followed = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto found = node->entries.find(parts[i]);
    if (node->type != FileStatus::Type::Directory || found == node->entries.end()) return not_found(path);
    node = found->second;
    if (node->type != FileStatus::Type::Symlink || (i + 1 == parts.size() && !follow)) continue;
    if (++links_followed > kLinksFollowedMax) return failing(path, "too many links");
    // Begin again with the link's target in place of its name.
    std::string target = node->content.starts_with('/') ? "" : "/";
    if (!target.empty()) {
      for (std::size_t above = 0; above < i; ++above) target += parts[above] + "/";
    }
    target += node->content;
    for (std::size_t below = i + 1; below < parts.size(); ++below) target += "/" + parts[below];
    parts = components(target);
    node = root_;
    i = static_cast<std::size_t>(-1);
  }
  return node;
}

Result<SimFiles::Place> SimFiles::find_place(const std::string& path) const {
  const auto parts = components(path);
  if (parts.empty()) return wrong_type(path, "the root");
  FARHOLM_TRY(auto folder, find(parent_path(path.ends_with('/') ? path.substr(0, path.size() - 1) : path),
                                /*follow=*/true));
  if (folder->type != FileStatus::Type::Directory) return not_found(path);
  return Place{std::move(folder), parts.back()};
}

void SimFiles::apply(const EntryChange& change, bool durable) {
  const auto entries = [durable](Node& folder) -> auto& {
    return durable ? folder.durable_entries : folder.entries;
  };
  if (change.from.folder) {
    auto& from = entries(*change.from.folder);
    const auto found = from.find(change.from.name);
    if (found != from.end() && found->second == change.node) from.erase(found);
  }
  if (change.to.folder) entries(*change.to.folder)[change.to.name] = change.node;
}

void SimFiles::change_entries(EntryChange change) {
  apply(change, /*durable=*/false);
  for (const Place* place : {&change.from, &change.to}) {
    if (place->folder) place->folder->modified = clock_.now();
  }
  pending_entries_.push_back(std::move(change));
}

Result<std::unique_ptr<File>> SimFiles::open(const std::string& path, OpenMode mode,
                                             std::uint32_t permissions) {
  FARHOLM_CHECK(check_power());
  auto found = find(path, /*follow=*/true);
  if (found) {
    if (mode == OpenMode::CreateNew) {
      return fail(ErrorCode::AlreadyExists, fmt::format("{}: is there already", path));
    }
    if ((*found)->type == FileStatus::Type::Directory) return wrong_type(path, "a folder");
    return std::make_unique<SimFile>(*this, *found, path, mode != OpenMode::Read);
  }
  if (found.error().code != ErrorCode::NotFound || mode == OpenMode::Read || mode == OpenMode::ReadWrite) {
    return std::unexpected(found.error());
  }
  FARHOLM_TRY(auto place, find_place(path));
  auto node = std::make_shared<Node>();
  node->permissions = permissions;
  node->modified = clock_.now();
  EntryChange change{.node = node, .from = {}, .to = std::move(place)};
  FARHOLM_CHECK(pass_boundary("create", path, [&] { change_entries(change); }));
  change_entries(std::move(change));
  return std::make_unique<SimFile>(*this, std::move(node), path, /*writable=*/true);
}

Result<void> SimFiles::make_directories(const std::string& path, std::uint32_t permissions) {
  FARHOLM_CHECK(check_power());
  std::string so_far;
  for (const auto& part : components(path)) {
    so_far += "/" + part;
    if (const auto found = find(so_far, /*follow=*/true)) {
      if ((*found)->type != FileStatus::Type::Directory) return wrong_type(so_far, "not a folder");
      continue;
    }
    FARHOLM_TRY(auto place, find_place(so_far));
    auto node = std::make_shared<Node>();
    node->type = FileStatus::Type::Directory;
    node->permissions = permissions;
    node->modified = clock_.now();
    EntryChange change{.node = std::move(node), .from = {}, .to = std::move(place)};
    FARHOLM_CHECK(pass_boundary("make folder", so_far, [&] { change_entries(change); }));
    change_entries(std::move(change));
  }
  return {};
}

Result<void> SimFiles::remove(const std::string& path) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(auto place, find_place(path));
  FARHOLM_TRY(auto node, find(path, /*follow=*/false));
  if (!node->entries.empty()) {
    return fail(ErrorCode::Conflict, fmt::format("{}: the folder is not empty", path));
  }
  EntryChange change{.node = node, .from = std::move(place), .to = {}};
  FARHOLM_CHECK(pass_boundary("remove", path, [&] { change_entries(change); }));
  change_entries(std::move(change));
  used_bytes_ -= node->content.size();
  return {};
}

Result<void> SimFiles::rename(const std::string& from, const std::string& to) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(auto from_place, find_place(from));
  FARHOLM_TRY(auto to_place, find_place(to));
  FARHOLM_TRY(auto node, find(from, /*follow=*/false));
  const auto replaced = to_place.folder->entries.find(to_place.name);
  std::uint64_t freed_bytes = 0;
  if (replaced != to_place.folder->entries.end()) {
    if (replaced->second == node) return {};
    if (!replaced->second->entries.empty()) {
      return fail(ErrorCode::Conflict, fmt::format("{}: the folder is not empty", to));
    }
    freed_bytes = replaced->second->content.size();
  }
  EntryChange change{.node = std::move(node), .from = std::move(from_place), .to = std::move(to_place)};
  FARHOLM_CHECK(pass_boundary("rename", fmt::format("{} {}", from, to), [&] { change_entries(change); }));
  change_entries(std::move(change));
  used_bytes_ -= freed_bytes;
  return {};
}

Result<std::vector<DirectoryEntry>> SimFiles::list(const std::string& path) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(const auto folder, find(path, /*follow=*/true));
  if (folder->type != FileStatus::Type::Directory) return wrong_type(path, "not a folder");
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, node] : folder->entries) entries.push_back({name, node->type});
  return entries;
}

Result<FileStatus> SimFiles::status(const std::string& path) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(const auto node, find(path, /*follow=*/false));
  return FileStatus{.type = node->type,
                    .size_bytes = node->content.size(),
                    .permissions = node->permissions,
                    .modified = node->modified};
}

Result<std::string> SimFiles::read_link(const std::string& path) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(const auto node, find(path, /*follow=*/false));
  if (node->type != FileStatus::Type::Symlink) return wrong_type(path, "not a link");
  return node->content;
}

Result<DiskSpace> SimFiles::space(const std::string& path) {
  FARHOLM_CHECK(check_power());
  FARHOLM_TRY(const auto node, find(path, /*follow=*/true));
  const std::uint64_t available = capacity_bytes_ > used_bytes_ ? capacity_bytes_ - used_bytes_ : 0;
  return DiskSpace{.total_bytes = capacity_bytes_, .available_bytes = available};
}

}  // namespace farholm::io::sim
