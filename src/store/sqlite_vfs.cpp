#include "store/sqlite_vfs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>

#include "base/assert.h"

namespace farholm::store {
namespace {

constexpr int kPathBytesMax = 4096;
// Days from the beginning of the Julian period (noon, 24 November 4714 BC) to 1970, in milliseconds.
constexpr std::int64_t kUnixEpochJulianMilliseconds = 210'866'760'000'000;

}  // namespace

// The callbacks. SQLite owns the memory of an open file and gives it as a sqlite3_file.
struct SqliteVfs::Methods {
  struct OpenFile {
    sqlite3_file base;
    SqliteVfs* vfs;
    io::File* file;
    const char* path;  // SQLite keeps it until the file is closed
    bool locked;
    bool name_durable;  // whether the folder was synced since the file was made
    bool remove_when_closed;
  };

  static SqliteVfs& self(sqlite3_vfs* vfs) { return *static_cast<SqliteVfs*>(vfs->pAppData); }
  static OpenFile& opened(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

  static int failed(SqliteVfs& vfs, const Error& error, int code) {
    vfs.last_error_ = error.to_string();
    return code;
  }
  // A full disk leaves the database as it was; SQLite must know it from one that fails.
  static int write_code(SqliteVfs& vfs, const char* path) {
    const auto space = vfs.world_.files.space(io::parent_path(path));
    constexpr std::uint64_t kNearlyNothingBytes = 64 * 1024;
    return space && space->available_bytes < kNearlyNothingBytes ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }

  static int close(sqlite3_file* base) {
    OpenFile& file = opened(base);
    delete file.file;
    if (file.remove_when_closed) (void)file.vfs->world_.files.remove(file.path);
    return SQLITE_OK;
  }

  static int read(sqlite3_file* base, void* into, int count, sqlite3_int64 offset) {
    OpenFile& file = opened(base);
    const std::span bytes(static_cast<std::byte*>(into), static_cast<std::size_t>(count));
    const auto done = file.file->read_at(static_cast<std::uint64_t>(offset), bytes);
    if (!done) return failed(*file.vfs, done.error(), SQLITE_IOERR_READ);
    if (*done == bytes.size()) return SQLITE_OK;
    std::ranges::fill(bytes.subspan(*done), std::byte{0});  // SQLite asks for that
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* base, const void* from, int count, sqlite3_int64 offset) {
    OpenFile& file = opened(base);
    const auto done =
        file.file->write_at(static_cast<std::uint64_t>(offset),
                            std::span(static_cast<const std::byte*>(from), static_cast<std::size_t>(count)));
    if (!done) return failed(*file.vfs, done.error(), write_code(*file.vfs, file.path));
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* base, sqlite3_int64 size) {
    OpenFile& file = opened(base);
    const auto done = file.file->truncate(static_cast<std::uint64_t>(size));
    return done ? SQLITE_OK : failed(*file.vfs, done.error(), SQLITE_IOERR_TRUNCATE);
  }

  static int sync(sqlite3_file* base, int /*flags*/) {
    OpenFile& file = opened(base);
    if (const auto done = file.file->sync(); !done) {
      return failed(*file.vfs, done.error(), SQLITE_IOERR_FSYNC);
    }
    if (!std::exchange(file.name_durable, true)) {
      const auto done = file.vfs->world_.files.sync_directory(io::parent_path(file.path));
      if (!done) {
        file.name_durable = false;
        return failed(*file.vfs, done.error(), SQLITE_IOERR_DIR_FSYNC);
      }
    }
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* base, sqlite3_int64* size) {
    OpenFile& file = opened(base);
    const auto bytes = file.file->size_bytes();
    if (!bytes) return failed(*file.vfs, bytes.error(), SQLITE_IOERR_FSTAT);
    *size = static_cast<sqlite3_int64>(*bytes);
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* base, int level) {
    OpenFile& file = opened(base);
    if (level == SQLITE_LOCK_NONE || file.locked) return SQLITE_OK;
    if (const auto done = file.file->lock(); !done) {
      return failed(*file.vfs, done.error(),
                    done.error().code == ErrorCode::Conflict ? SQLITE_BUSY : SQLITE_IOERR_LOCK);
    }
    file.locked = true;
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* /*base*/, int /*level*/) { return SQLITE_OK; }  // closing does it
  static int check_reserved_lock(sqlite3_file* /*base*/, int* reserved) {
    *reserved = 0;  // nobody else can have it
    return SQLITE_OK;
  }
  static int file_control(sqlite3_file* /*base*/, int /*operation*/, void* /*argument*/) {
    return SQLITE_NOTFOUND;
  }
  static int sector_size(sqlite3_file* /*base*/) { return 4096; }
  // As SQLite's own VFS for unix by default: a cut write does not damage the bytes beside it.
  static int device_characteristics(sqlite3_file* /*base*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int open(sqlite3_vfs* base, const char* path, sqlite3_file* into, int flags, int* flags_out) {
    static constexpr sqlite3_io_methods kMethods{
        .iVersion = 1,  // neither shared memory nor mapped files
        .xClose = close,
        .xRead = read,
        .xWrite = write,
        .xTruncate = truncate,
        .xSync = sync,
        .xFileSize = file_size,
        .xLock = lock,
        .xUnlock = unlock,
        .xCheckReservedLock = check_reserved_lock,
        .xFileControl = file_control,
        .xSectorSize = sector_size,
        .xDeviceCharacteristics = device_characteristics,
    };
    SqliteVfs& vfs = self(base);
    into->pMethods = nullptr;                     // an open that fails is not closed
    if (path == nullptr) return SQLITE_CANTOPEN;  // temporary files are kept in memory
    auto mode = io::OpenMode::Read;
    bool name_durable = true;
    if ((flags & SQLITE_OPEN_READWRITE) != 0) mode = io::OpenMode::ReadWrite;
    if ((flags & SQLITE_OPEN_CREATE) != 0) {
      const auto status = io::status_if_exists(vfs.world_.files, path);
      if (!status) return failed(vfs, status.error(), SQLITE_CANTOPEN);
      name_durable = status->has_value();
      mode = (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? io::OpenMode::CreateNew : io::OpenMode::Create;
    }
    auto file = vfs.world_.files.open(path, mode);
    if (!file) return failed(vfs, file.error(), SQLITE_CANTOPEN);
    new (into) OpenFile{.base = {&kMethods},
                        .vfs = &vfs,
                        .file = file->release(),
                        .path = path,
                        .locked = false,
                        .name_durable = name_durable,
                        .remove_when_closed = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    if (flags_out != nullptr) *flags_out = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* base, const char* path, int sync_folder) {
    SqliteVfs& vfs = self(base);
    if (const auto done = vfs.world_.files.remove(path); !done) {
      if (done.error().code == ErrorCode::NotFound) return SQLITE_IOERR_DELETE_NOENT;
      return failed(vfs, done.error(), SQLITE_IOERR_DELETE);
    }
    if (sync_folder != 0) {
      const auto done = vfs.world_.files.sync_directory(io::parent_path(path));
      if (!done) return failed(vfs, done.error(), SQLITE_IOERR_DIR_FSYNC);
    }
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* base, const char* path, int /*flags*/, int* there) {
    SqliteVfs& vfs = self(base);
    const auto status = io::status_if_exists(vfs.world_.files, path);
    if (!status) return failed(vfs, status.error(), SQLITE_IOERR_ACCESS);
    *there = status->has_value() ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs* /*base*/, const char* path, int size, char* into) {
    const std::size_t length = std::strlen(path);
    if (length + 1 > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN_FULLPATH;
    std::memcpy(into, path, length + 1);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs* base, int count, char* into) {
    self(base).world_.entropy.fill(std::as_writable_bytes(std::span(into, static_cast<std::size_t>(count))));
    return count;
  }

  // Only a busy handler sleeps, and there is none.
  static int sleep(sqlite3_vfs* /*base*/, int /*microseconds*/) { return 0; }

  static int now_milliseconds(sqlite3_vfs* base, sqlite3_int64* julian) {
    const auto since_epoch = self(base).world_.clock.now().time_since_epoch();
    *julian = kUnixEpochJulianMilliseconds +
              std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
    return SQLITE_OK;
  }
  static int now(sqlite3_vfs* base, double* julian) {
    sqlite3_int64 milliseconds = 0;
    now_milliseconds(base, &milliseconds);
    *julian = static_cast<double>(milliseconds) / 86'400'000.0;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs* /*base*/, int /*size*/, char* /*into*/) { return SQLITE_OK; }
};

SqliteVfs::SqliteVfs(const io::World& world) : world_(world) {
  // The address is in nothing that is written: it only tells two of them apart within one process.
  name_ = fmt::format("farholm-{}", fmt::ptr(this));
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(Methods::OpenFile);
  vfs_.mxPathname = kPathBytesMax;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::open;
  vfs_.xDelete = Methods::remove;
  vfs_.xAccess = Methods::access;
  vfs_.xFullPathname = Methods::full_path;
  vfs_.xRandomness = Methods::randomness;
  vfs_.xSleep = Methods::sleep;
  vfs_.xCurrentTime = Methods::now;
  vfs_.xGetLastError = Methods::last_error;
  vfs_.xCurrentTimeInt64 = Methods::now_milliseconds;

  // SQLite seeds its generator from the default VFS, once. Be that for a moment.
  sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
  FARHOLM_ASSERT(sqlite3_vfs_register(&vfs_, /*makeDflt=*/1) == SQLITE_OK);
  char drawn = 0;
  sqlite3_randomness(0, nullptr);
  sqlite3_randomness(1, &drawn);
  if (usual != nullptr) sqlite3_vfs_register(usual, /*makeDflt=*/1);
}

SqliteVfs::~SqliteVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

}  // namespace farholm::store
