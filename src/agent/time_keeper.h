// TimeKeeper: this host's clock (trust/site_clock.h), and the file in which its floor outlives a reboot. One
// thread.
#pragma once

#include <string>

#include "base/log.h"
#include "io/clock.h"
#include "io/event.h"
#include "io/files.h"
#include "trust/site_clock.h"

namespace farholm::agent {

// The floor is written when it was so long ago that it was, and when it goes back.
inline constexpr io::Duration kFloorWritten = std::chrono::hours(24 * 7);

class TimeKeeper {
 public:
  // All outlive it. A file that is not there, or cannot be read, is no floor.
  TimeKeeper(io::Loop& loop, io::Files& files, const io::Clock& local, std::string path, Logger log);

  // For the world of everything that asks what time it is, also for judging certificates.
  trust::SiteClock& clock() { return clock_; }
  const trust::SiteClock& clock() const { return clock_; }
  // The hub says what time it is.
  void hear(io::WallTime time);
  // Set whenever the hub has said so.
  io::Event& heard() { return heard_; }

 private:
  io::Files& files_;
  std::string path_;
  Logger log_;
  io::WallTime written_;
  trust::SiteClock clock_;
  io::Event heard_;
};

}  // namespace farholm::agent
