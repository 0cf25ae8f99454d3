// A store whose log is a SQLite database: WAL, synchronous=FULL, every group of commits one transaction and
// one flush. The whole of it is held in memory; the database is read once, when it is opened. One thread;
// the loop's thread waits while the disk is flushed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/world.h"
#include "store/store.h"
#include "store/value_cipher.h"

namespace farholm::store {

struct SqliteStoreOptions {
  std::string path;     // of the database; its folder must exist
  ValueCipher& cipher;  // outlives the store
  // The write-ahead log is copied into the database, and begun afresh, when it has this many pages (4 KiB).
  int checkpoint_pages = 1000;
  // Called once, when the disk failed so that every later write is refused: only who opens the store again
  // learns what it holds. May be empty.
  std::function<void()> on_failure;
};

// Makes the database when there is none. Conflict when another process has it open; Invalid when the key is
// not the one it was made with, or when it was written by a newer version; InternalError when it is damaged
// (the message says where and what to do). The parts of `world` outlive the store; it uses the loop, the
// clock, the entropy and the files.
Result<std::unique_ptr<Store>> open_sqlite_store(const io::World& world, SqliteStoreOptions options);

}  // namespace farholm::store
