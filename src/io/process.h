// Other programs, as a parameter. Arguments are a vector, never a shell line. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/task.h"

namespace farholm::io {

struct ProcessOptions {
  std::vector<std::string> arguments;  // [0] is the program: a path, or a name looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::string input;                         // given to its standard input, which then ends
  std::uint64_t output_bytes_max = 1 << 20;  // of each of stdout and stderr; more is an error
};

struct ProcessOutput {
  int exit_code = 0;  // 128 + signal when it was ended by one
  std::string out;
  std::string err;
};

struct DetachedOptions {
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string log_path;  // stdout and stderr are appended here
};

class Processes {
 public:
  virtual ~Processes() = default;
  // Runs it to its end; dropping the task ends the process.
  virtual Task<Result<ProcessOutput>> run(ProcessOptions options) = 0;
  // Starts it in a session of its own, so that it outlives us; gives its process ID.
  virtual Result<std::int64_t> start_detached(const DetachedOptions& options) = 0;
};

}  // namespace farholm::io
