#include "store/sqlite_store.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "store/indexed_store.h"
#include "store/sqlite_database.h"

namespace farholm::store {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kApplicationId = "1180791405";  // "Farm", for file(1)
constexpr std::string_view kCipherCheck = "farholm";
// What was kept was valid when it was written: only nonsense is refused.
constexpr json::Limits kStoredLimits{
    .bytes_max = kObjectBytesMax, .depth_max = 10'000, .values_max = kObjectBytesMax};

constexpr std::array kSchema = {
    "CREATE TABLE store(one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, "
    "cipher_check BLOB NOT NULL) STRICT",
    "CREATE TABLE objects(resource TEXT NOT NULL, name_space TEXT NOT NULL, name TEXT NOT NULL, "
    "revision INTEGER NOT NULL, created_revision INTEGER NOT NULL, value BLOB NOT NULL, "
    "UNIQUE (resource, name_space, name)) STRICT",
    "CREATE TABLE resources(resource TEXT PRIMARY KEY, changed_revision INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID",
};

std::string context_of(const Entry& entry) {
  std::string context;
  for (const auto* part : {&entry.key.resource, &entry.key.name_space, &entry.key.name}) {
    context += *part;
    context += '\0';
  }
  return context + fmt::format("{} {}", entry.revision, entry.created_revision);
}

Result<void> configure(Database& database, int checkpoint_pages) {
  // Before anything looks at the database: no shared memory is needed then.
  FARHOLM_CHECK(database.execute("PRAGMA locking_mode = EXCLUSIVE"));
  FARHOLM_TRY(const auto mode, database.query("PRAGMA journal_mode = WAL"));
  if (mode != "wal") {
    return fail(ErrorCode::InternalError,
                fmt::format("the database {} cannot be switched to WAL (it is in mode \"{}\")",
                            database.path(), mode));
  }
  FARHOLM_CHECK(database.execute("PRAGMA synchronous = FULL"));
  FARHOLM_CHECK(database.execute("PRAGMA temp_store = MEMORY"));
  FARHOLM_CHECK(database.execute(fmt::format("PRAGMA wal_autocheckpoint = {}", checkpoint_pages)));
  FARHOLM_CHECK(database.execute("PRAGMA cell_size_check = ON"));
  return {};
}

// Makes the tables, in one transaction: afterwards they are there or the database is empty.
Result<void> initialize(Database& database, ValueCipher& cipher) {
  FARHOLM_CHECK(database.execute("BEGIN IMMEDIATE"));
  for (const char* sql : kSchema) FARHOLM_CHECK(database.execute(sql));
  FARHOLM_TRY(const auto sealed, cipher.seal(as_bytes(kCipherCheck), kCipherCheck));
  FARHOLM_TRY(auto insert, database.prepare("INSERT INTO store VALUES (1, 1, ?1)"));
  insert.bind(1, sealed);
  FARHOLM_CHECK(insert.run());
  FARHOLM_CHECK(database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId)));
  FARHOLM_CHECK(database.execute(fmt::format("PRAGMA user_version = {}", kFormat)));
  return database.execute("COMMIT");
}

Result<void> check_format(Database& database, ValueCipher& cipher) {
  FARHOLM_TRY(const auto version, database.query("PRAGMA user_version"));
  if (version == "0") {
    FARHOLM_TRY(const auto tables, database.query("SELECT count(*) FROM sqlite_schema"));
    if (tables == "0") return initialize(database, cipher);
  }
  FARHOLM_TRY(const auto application, database.query("PRAGMA application_id"));
  if (application != kApplicationId) {
    return fail(ErrorCode::Invalid, fmt::format("{} is a database of another program", database.path()));
  }
  if (version != std::to_string(kFormat)) {
    return fail(
        ErrorCode::Invalid,
        fmt::format("the database {} has format {}, this version reads {}; use the version of Farholm "
                    "that wrote it, or a newer one",
                    database.path(), version, kFormat));
  }
  FARHOLM_TRY(const auto found, database.query("PRAGMA quick_check(1)"));
  if (found == "ok") return {};
  return fail(
      ErrorCode::InternalError,
      fmt::format("the database {} is damaged ({}); restore it from a backup", database.path(), found));
}

std::unexpected<Error> damaged_row(const Database& database, const Key& key, std::string_view why) {
  return fail(ErrorCode::InternalError,
              fmt::format("the database {} is damaged: {} {}/{} {}; restore it from a backup",
                          database.path(), key.resource, key.name_space, key.name, why));
}

Result<EntryRef> read_entry(const Database& database, const Statement& row, ValueCipher& cipher) {
  auto entry = std::make_shared<Entry>();
  entry->key = {row.text(0), row.text(1), row.text(2)};
  entry->revision = row.integer(3);
  entry->created_revision = row.integer(4);
  const auto plain = cipher.open(row.blob(5), context_of(*entry));
  if (!plain) return damaged_row(database, entry->key, "is not what was written");
  entry->bytes = as_text(*plain);
  auto value = json::parse(entry->bytes, kStoredLimits);
  if (!value) return damaged_row(database, entry->key, value.error().message);
  entry->value = std::move(*value);
  return entry;
}

Result<Recovered> read_all(Database& database, ValueCipher& cipher) {
  Recovered recovered;
  {
    FARHOLM_TRY(auto store, database.prepare("SELECT revision, cipher_check FROM store"));
    FARHOLM_TRY(const bool there, store.step());
    if (!there) {
      return fail(ErrorCode::InternalError,
                  fmt::format("the database {} is damaged (it is not finished); restore it from a backup",
                              database.path()));
    }
    recovered.revision = store.integer(0);
    const auto check = cipher.open(store.blob(1), kCipherCheck);
    if (!check || as_text(*check) != kCipherCheck) {
      return fail(ErrorCode::Invalid,
                  fmt::format("the key that was given is not the one that the database {} is encrypted with",
                              database.path()));
    }
  }
  {
    FARHOLM_TRY(auto resources, database.prepare("SELECT resource, changed_revision FROM resources"));
    while (true) {
      FARHOLM_TRY(const bool row, resources.step());
      if (!row) break;
      recovered.changed_revisions[resources.text(0)] = resources.integer(1);
    }
  }
  FARHOLM_TRY(auto objects, database.prepare("SELECT resource, name_space, name, revision, created_revision, "
                                             "value FROM objects ORDER BY resource, name_space, name"));
  while (true) {
    FARHOLM_TRY(const bool row, objects.step());
    if (!row) break;
    FARHOLM_TRY(auto entry, read_entry(database, objects, cipher));
    if (entry->revision > recovered.revision) {
      return damaged_row(database, entry->key, "is newer than the database");
    }
    recovered.entries.push_back(std::move(entry));
  }
  return recovered;
}

class SqliteLog final : public Log {
 public:
  static Result<std::unique_ptr<Log>> make(std::unique_ptr<Database> database, SqliteStoreOptions options) {
    auto log = std::unique_ptr<SqliteLog>(new SqliteLog(std::move(database), std::move(options)));
    Database& on = *log->database_;
    FARHOLM_TRY(log->put_, on.prepare("INSERT INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                                      "ON CONFLICT (resource, name_space, name) DO UPDATE SET revision = ?4, "
                                      "created_revision = ?5, value = ?6"));
    FARHOLM_TRY(log->remove_,
                on.prepare("DELETE FROM objects WHERE resource = ?1 AND name_space = ?2 AND name = ?3"));
    FARHOLM_TRY(log->change_resource_,
                on.prepare("INSERT INTO resources VALUES (?1, ?2) "
                           "ON CONFLICT (resource) DO UPDATE SET changed_revision = ?2"));
    FARHOLM_TRY(log->advance_, on.prepare("UPDATE store SET revision = ?1"));
    FARHOLM_TRY(log->begin_, on.prepare("BEGIN IMMEDIATE"));
    FARHOLM_TRY(log->commit_, on.prepare("COMMIT"));
    return log;
  }

  Result<void> append(std::span<const EventRef> events) override {
    if (failure_) return std::unexpected(*failure_);
    auto written = write(events);
    if (written) return {};
    // A full disk refuses before anything is complete. After any other error nobody knows what the disk holds
    // (a failed flush may have dropped what it did not write): what is true is found out by opening it again.
    const bool only_full = database_->last_failure() == SQLITE_FULL;
    const bool rolled_back = !database_->in_transaction() || database_->execute("ROLLBACK").has_value();
    if (only_full && rolled_back) return written;
    failure_ = written.error();
    if (on_failure_) on_failure_();
    return written;
  }

 private:
  SqliteLog(std::unique_ptr<Database> database, SqliteStoreOptions options)
      : database_(std::move(database)), cipher_(options.cipher), on_failure_(std::move(options.on_failure)) {}

  Result<void> write(std::span<const EventRef> events) {
    FARHOLM_CHECK(begin_.run());
    std::map<std::string_view, std::int64_t> changed;
    for (const auto& event : events) {
      FARHOLM_CHECK(write(*event));
      changed[event->entry->key.resource] = event->revision;
    }
    for (const auto& [resource, revision] : changed) {
      change_resource_.bind(1, resource);
      change_resource_.bind(2, revision);
      FARHOLM_CHECK(change_resource_.run());
    }
    advance_.bind(1, events.back()->revision);
    FARHOLM_CHECK(advance_.run());
    return commit_.run();
  }

  Result<void> write(const Event& event) {
    const Entry& entry = *event.entry;
    Statement& statement = event.type == Event::Type::Deleted ? remove_ : put_;
    statement.bind(1, entry.key.resource);
    statement.bind(2, entry.key.name_space);
    statement.bind(3, entry.key.name);
    if (event.type == Event::Type::Deleted) return statement.run();
    FARHOLM_TRY(const auto sealed, cipher_.seal(as_bytes(entry.bytes), context_of(entry)));
    statement.bind(4, entry.revision);
    statement.bind(5, entry.created_revision);
    statement.bind(6, sealed);
    return statement.run();
  }

  std::unique_ptr<Database> database_;  // before the statements: goes after them
  ValueCipher& cipher_;
  std::function<void()> on_failure_;
  Statement put_, remove_, change_resource_, advance_, begin_, commit_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const io::World& world, SqliteStoreOptions options) {
  FARHOLM_TRY(auto database, Database::open(world, options.path));
  FARHOLM_CHECK(configure(*database, options.checkpoint_pages));
  FARHOLM_CHECK(check_format(*database, options.cipher));
  FARHOLM_TRY(auto recovered, read_all(*database, options.cipher));
  FARHOLM_TRY(auto log, SqliteLog::make(std::move(database), std::move(options)));
  return std::make_unique<IndexedStore>(world.loop, std::move(recovered), std::move(log));
}

}  // namespace farholm::store
