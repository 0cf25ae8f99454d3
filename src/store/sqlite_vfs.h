// SQLite's view of the world, made of ours: files from io::Files, randomness from io::Entropy, time from
// io::Clock; it never sleeps. This is what lets a simulation cut the power under a real SQLite.
//
// Shared memory there is none: the database must be opened with `locking_mode=EXCLUSIVE` before it is first
// used, whereupon SQLite keeps the WAL's index on its heap (sqlite.org/wal.html, "Use of WAL Without
// Shared-Memory"). The lock is one lock on the whole file, taken at the first use and held until it is
// closed: one process, one connection. That is how a store is used anyway.
//
// A VFS is registered with SQLite under a name that only it has, for as long as it lives; databases are
// closed before. One thread.
#pragma once

#include <sqlite3.h>

#include <string>

#include "io/world.h"

namespace farholm::store {

class SqliteVfs {
 public:
  // The parts of the world outlive it. Seeds SQLite's own generator (of WAL salts), which is one for the
  // whole process, from the world's entropy.
  explicit SqliteVfs(const io::World& world);
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;
  ~SqliteVfs();

  // For sqlite3_open_v2.
  const char* name() const { return name_.c_str(); }

  // What went wrong the last time that the disk did not do what it was asked; SQLite only passes on a number.
  const std::string& last_error() const { return last_error_; }

 private:
  struct Methods;

  const io::World world_;
  std::string name_;
  std::string last_error_;
  sqlite3_vfs vfs_{};
};

}  // namespace farholm::store
