#include "agent/time_keeper.h"

#include "crypto/checked_file.h"
#include "json/json.h"
#include "trust/timestamp.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kFileBytesMax = 4096;

io::WallTime read_floor(io::Files& files, const std::string& path, const Logger& log) {
  const auto text = crypto::read_checked_file(files, path, kFileBytesMax);
  if (text && !*text) return {};
  const auto value = text ? json::parse(**text) : std::unexpected(text.error());
  const auto time =
      value ? trust::parse_timestamp(json::string_or(*value, "floor")) : std::unexpected(value.error());
  if (time) return *time;
  log.warning("the time below which no clock is believed is lost: {}", time.error().to_string());
  return {};
}

}  // namespace

TimeKeeper::TimeKeeper(io::Loop& loop, io::Files& files, const io::Clock& local, std::string path, Logger log)
    : files_(files),
      path_(std::move(path)),
      log_(std::move(log)),
      written_(read_floor(files, path_, log_)),
      clock_(local, written_),
      heard_(loop) {
  if (auto trouble = clock_.trouble(); !trouble.empty()) log_.warning("{}", trouble);
}

void TimeKeeper::hear(io::WallTime time) {
  if (!clock_.hear(time)) {
    log_.warning("the hub says that it is {}: that cannot be, its clock is wrong", io::to_rfc3339(time));
    return;
  }
  heard_.notify();
  if (time >= written_ && time < written_ + kFloorWritten) return;
  const json::Value value{{"floor", io::to_rfc3339(time)}};
  const auto written = crypto::write_checked_file(files_, path_, json::to_text(value));
  if (written)
    written_ = time;
  else
    log_.warning("{}", written.error().to_string());
}

}  // namespace farholm::agent
