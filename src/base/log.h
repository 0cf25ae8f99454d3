// The log: one line an event, to a sink that the program's main chooses (stderr, a file, a test's vector).
// A Logger is a handle that is copied freely; the sink outlives it. One thread, that of the loop.
// Secrets are never passed to it: values of sensitive variables have a type that does not format.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace farholm {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

std::string_view to_string(LogLevel level);

class LogSink {
 public:
  virtual ~LogSink() = default;
  // `component` names the part that speaks ("docker", "link"); `text` is one sentence without a newline.
  virtual void write(LogLevel level, std::string_view component, std::string_view text) = 0;
};

class Logger {
 public:
  Logger(LogSink& sink, std::string component) : sink_(&sink), component_(std::move(component)) {}

  Logger named(std::string component) const { return Logger(*sink_, std::move(component)); }

  template <class... Arguments>
  void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    write(LogLevel::Debug, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    write(LogLevel::Info, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    write(LogLevel::Warning, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    write(LogLevel::Error, fmt::format(format, std::forward<Arguments>(arguments)...));
  }

 private:
  void write(LogLevel level, std::string_view text) const { sink_->write(level, component_, text); }

  LogSink* sink_;
  std::string component_;
};

// Drops everything; for tests that do not look at the log.
class NullSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace farholm
