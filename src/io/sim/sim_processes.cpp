#include "io/sim/sim_processes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace farholm::io::sim {

Task<Result<ProcessOutput>> SimProcesses::run(ProcessOptions options) {
  history_.note(fmt::format("{} run {}", machine_, fmt::join(options.arguments, " ")));
  for (const auto& script : scripts_) {
    auto answer = script(options);
    if (!answer) continue;
    if (!*answer) co_return std::unexpected(answer->error());
    co_await loop_.sleep((*answer)->takes);
    co_return std::move((*answer)->output);
  }
  co_return fail(ErrorCode::NotFound,
                 fmt::format("{}: there is no such program",
                             options.arguments.empty() ? "" : options.arguments.front()));
}

Result<std::int64_t> SimProcesses::start_detached(const DetachedOptions& options) {
  history_.note(fmt::format("{} start {}", machine_, fmt::join(options.arguments, " ")));
  detached_.push_back(options);
  return 1000 + static_cast<std::int64_t>(detached_.size());
}

}  // namespace farholm::io::sim
