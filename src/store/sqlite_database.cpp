#include "store/sqlite_database.h"

#include <fmt/format.h>

namespace farholm::store {

void Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}
void Statement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, number);
}
void Statement::bind(int parameter, std::span<const std::byte> blob) {
  sqlite3_bind_blob(statement_.get(), parameter, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  Error error = database_->error_for(code);
  sqlite3_reset(statement_.get());
  return std::unexpected(std::move(error));
}

Result<void> Statement::run() {
  FARHOLM_TRY(const bool row, step());
  if (row) reset();
  return {};
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text == nullptr
             ? std::string()
             : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<std::unique_ptr<Database>> Database::open(const io::World& world, std::string path) {
  auto database = std::unique_ptr<Database>(new Database(world, std::move(path)));
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code =
      sqlite3_open_v2(database->path_.c_str(), &database->connection_, kFlags, database->vfs_.name());
  if (code != SQLITE_OK) return std::unexpected(database->error_for(code));
  return database;
}

Database::~Database() {
  sqlite3_close_v2(connection_);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error_for(code));
  Statement statement;
  statement.statement_.reset(prepared);
  statement.database_ = this;
  return statement;
}

Result<void> Database::execute(std::string_view sql) {
  FARHOLM_TRY(auto statement, prepare(sql));
  return statement.run();
}

Result<std::string> Database::query(std::string_view sql) {
  FARHOLM_TRY(auto statement, prepare(sql));
  FARHOLM_TRY(const bool row, statement.step());
  return row ? statement.text(0) : std::string();
}

Error Database::error_for(int code) {
  last_failure_ = code & 0xff;
  const char* words = connection_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection_);
  const std::string detail =
      vfs_.last_error().empty() ? std::string(words) : fmt::format("{}: {}", words, vfs_.last_error());
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::Conflict, fmt::format("{} is in use by another process; stop that first", path_)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::InternalError,
              fmt::format("the database {} is damaged ({}); restore it from a backup", path_, detail)};
    case SQLITE_FULL:
      return {ErrorCode::ServiceUnavailable,
              fmt::format("no space is left for the database {}; make room on its disk", path_)};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::ServiceUnavailable,
              fmt::format("the disk does not do what the database {} asks of it ({}); look at the disk, then "
                          "start again",
                          path_, detail)};
    default:
      return {ErrorCode::InternalError, fmt::format("the database {} failed: {}", path_, detail)};
  }
}

}  // namespace farholm::store
