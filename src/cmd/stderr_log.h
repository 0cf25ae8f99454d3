// The log of a program that a service manager or a person runs: lines on stderr, with the time where nobody
// else adds it. One thread.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "base/log.h"
#include "io/clock.h"

namespace farholm::cmd {

class StderrLog final : public LogSink {
 public:
  StderrLog(const io::Clock& clock, LogLevel least) : clock_(clock), least_(least) {}
  void write(LogLevel level, std::string_view component, std::string_view text) override {
    if (level < least_) return;
    const auto line =
        fmt::format("{} {:<5} {}: {}\n", io::to_rfc3339(clock_.now()), to_string(level), component, text);
    // A line that finds no room, on a full disk, is lost. fmt::print would throw, and end the program.
    if (std::fwrite(line.data(), 1, line.size(), stderr) != line.size()) std::clearerr(stderr);
  }

 private:
  const io::Clock& clock_;
  LogLevel least_;
};

}  // namespace farholm::cmd
