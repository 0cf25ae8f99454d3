// A disk in memory, and what a power cut does to it.
//
// Every operation that changes something is a *boundary*, counted from 1. The power can be cut at a boundary:
// that operation is in flight, nobody hears how it ended, and every later one fails until restart(). What was
// not durable then survives as the Survival says. Durable are: a file's content as of its last sync(); the
// entries of a folder as of its last sync_directory(). So a file that was synced in a folder that was not is
// gone; a rename that was not synced happened or did not, whole. A write that was in flight or not yet synced
// may be torn at multiples of 512 bytes, in any order, as disks do.
//
// Beside that: a disk that is full, blocks that cannot be read, bits that rot, one operation that fails.
// Paths are absolute. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/files.h"
#include "io/sim/history.h"
#include "io/sim/sim_entropy.h"

namespace farholm::io::sim {

inline constexpr std::uint64_t kSectorBytes = 512;
inline constexpr std::uint64_t kSimDiskBytesDefault = 1 << 30;

// What is left of the changes that were not durable when the power was cut.
enum class Survival : std::uint8_t {
  Nothing,     // all of them are lost
  Everything,  // all of them happened to be written
  Each,        // each survives or not by itself
  TornLast,    // all but the newest change of each file, of which some sectors are written
};

class SimFiles final : public Files {
 public:
  // The parts outlive it. `name` is how the disk is called in the history.
  SimFiles(const Clock& clock, SimEntropy entropy, History& history, std::string name);
  ~SimFiles() override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode,
                                     std::uint32_t permissions = 0600) override;
  Result<void> make_directories(const std::string& path, std::uint32_t permissions = 0700) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<FileStatus> status(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;

  // How many boundaries have been passed since the disk was made.
  std::uint64_t boundaries() const { return boundaries_; }
  // The power goes at that boundary (nullopt: never), or now.
  void cut_power_at(std::optional<std::uint64_t> boundary) { cut_at_ = boundary; }
  void cut_power();
  bool powered() const { return powered_; }
  // Called when the power has gone; also from the midst of an operation.
  void on_power_lost(std::function<void()> then) { power_lost_ = std::move(then); }
  // The machine starts again. Files that were open before are of no use any more.
  void restart(Survival survival);
  // A process that had files open was killed; the kernel, and so all it was given, lives on.
  void drop_open_files() { ++incarnation_; }

  void set_capacity(std::uint64_t total_bytes) { capacity_bytes_ = total_bytes; }
  std::uint64_t used_bytes() const { return used_bytes_; }
  // The operation at that boundary fails with an I/O error, and changes nothing.
  void fail_at(std::uint64_t boundary) { failing_boundaries_.insert(boundary); }
  // Reading this sector fails from now on, until it is written again.
  void break_sector(const std::string& path, std::uint64_t offset);
  // Turns bits round, on the disk and in the cache.
  void flip_bits(const std::string& path, std::uint64_t offset, std::uint8_t mask);
  // Makes a link, which the Files interface can only read.
  void make_link(const std::string& path, std::string target);

 private:
  friend class SimFile;
  struct Node;
  struct EntryChange;
  using NodeRef = std::shared_ptr<Node>;
  struct Place {
    NodeRef folder;
    std::string name;
  };

  // Counts a boundary. An error when the operation must not go on; `in_flight` is called when it is the one
  // in which the power goes, for what may have reached the disk.
  Result<void> pass_boundary(std::string_view what, const std::string& path,
                             const std::function<void()>& in_flight);
  Result<void> check_power() const;
  Result<NodeRef> find(const std::string& path, bool follow) const;
  Result<Place> find_place(const std::string& path) const;
  void change_entries(EntryChange change);
  void settle(Node& node, Survival survival);
  void settle_entries(Survival survival);
  static void apply(const EntryChange& change, bool durable);

  const Clock& clock_;
  SimEntropy entropy_;
  History& history_;
  std::string name_;
  NodeRef root_;
  std::vector<EntryChange> pending_entries_;  // of all folders, oldest first
  std::uint64_t boundaries_ = 0;
  std::uint64_t incarnation_ = 0;
  std::optional<std::uint64_t> cut_at_;
  bool powered_ = true;
  std::function<void()> power_lost_;
  std::uint64_t capacity_bytes_ = kSimDiskBytesDefault;
  std::uint64_t used_bytes_ = 0;
  std::set<std::uint64_t> failing_boundaries_;
};

}  // namespace farholm::io::sim
