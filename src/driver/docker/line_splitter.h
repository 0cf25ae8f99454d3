// Lines out of a stream of bytes, for answers that are one JSON value a line (events, the progress of a
// pull). A line longer than the limit is dropped whole. Pure; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace farholm::driver::docker {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // The lines that have become whole, without their ends; empty ones are left out.
  std::vector<std::string> feed(std::string_view bytes) {
    std::vector<std::string> lines;
    for (char byte : bytes) {
      if (byte != '\n') {
        if (line_.size() < line_bytes_max_)
          line_.push_back(byte);
        else
          dropping_ = true;
        continue;
      }
      if (line_.ends_with('\r')) line_.pop_back();
      if (!line_.empty() && !dropping_) lines.push_back(std::move(line_));
      line_.clear();
      dropping_ = false;
    }
    return lines;
  }

 private:
  std::size_t line_bytes_max_;
  std::string line_;
  bool dropping_ = false;
};

}  // namespace farholm::driver::docker
