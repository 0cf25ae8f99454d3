// Other programs, as the test says that they behave: each is answered by a script, in the order in which they
// were given; the first that knows the program answers. What nobody knows is not found. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/process.h"
#include "io/sim/history.h"

namespace farholm::io::sim {

class SimProcesses final : public Processes {
 public:
  struct Answer {
    ProcessOutput output;
    Duration takes{};
  };
  // Nothing: not mine.
  using Script = std::function<std::optional<Result<Answer>>(const ProcessOptions& options)>;

  SimProcesses(Loop& loop, History& history, std::string machine)
      : loop_(loop), history_(history), machine_(std::move(machine)) {}

  void add_script(Script script) { scripts_.push_back(std::move(script)); }

  Task<Result<ProcessOutput>> run(ProcessOptions options) override;
  Result<std::int64_t> start_detached(const DetachedOptions& options) override;
  // In the order in which they were started.
  const std::vector<DetachedOptions>& detached() const { return detached_; }

 private:
  Loop& loop_;
  History& history_;
  const std::string machine_;
  std::vector<Script> scripts_;
  std::vector<DetachedOptions> detached_;
};

}  // namespace farholm::io::sim
