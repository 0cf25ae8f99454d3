// A SQLite connection and its statements, owned, with errors as Results. Only what the log needs. One thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite_vfs.h"

namespace farholm::store {

class Statement {
 public:
  // Parameters are numbered from 1 and bound anew for each run. The bytes must live until the run has ended.
  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t number);
  void bind(int parameter, std::span<const std::byte> blob);
  // True: a row is there to be read. False: the end; the statement can be bound and run again.
  Result<bool> step();
  // A run of a statement that gives no rows.
  Result<void> run();
  // After the last row that is wanted, when that is not the end.
  void reset() { sqlite3_reset(statement_.get()); }

  std::string text(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::span<const std::byte> blob(int column) const;  // until the next step

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  class Database* database_ = nullptr;
};

class Database {
 public:
  // The parts of the world outlive it. A Database does not move: its statements point to it.
  static Result<std::unique_ptr<Database>> open(const io::World& world, std::string path);
  ~Database();

  Result<Statement> prepare(std::string_view sql);
  Result<void> execute(std::string_view sql);
  // Its one value, as text.
  Result<std::string> query(std::string_view sql);
  bool in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

  // What SQLite's code means, in words that help: Conflict when another process has the database,
  // InternalError when it is damaged, ServiceUnavailable for a disk that is full or fails.
  Error error_for(int code);
  // The primary code of the newest error.
  int last_failure() const { return last_failure_; }
  const std::string& path() const { return path_; }

 private:
  Database(const io::World& world, std::string path) : vfs_(world), path_(std::move(path)) {}

  SqliteVfs vfs_;
  const std::string path_;
  sqlite3* connection_ = nullptr;
  int last_failure_ = SQLITE_OK;
};

}  // namespace farholm::store
