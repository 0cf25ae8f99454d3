#include "agent/state_claim.h"

#include <fmt/format.h>

namespace farholm::agent {

Result<void> check_state_claim(io::Files& files, const StateFolder& state, bool simulated) {
  FARHOLM_TRY(const auto record, io::status_if_exists(files, state.simulation()));
  if (!simulated) {
    if (!record) return {};
    return fail(ErrorCode::Conflict,
                fmt::format("the state folder {} is a simulated agent's: what it says is in place was never "
                            "brought up; give a real agent a folder of its own",
                            state.path));
  }
  if (record) return {};
  // Root and identity may have been made beforehand; these only an agent makes that has begun.
  for (const auto& path : {state.hub(), state.plan(), state.journal(), state.cluster()}) {
    FARHOLM_TRY(const auto there, io::status_if_exists(files, path));
    if (there) {
      return fail(ErrorCode::Conflict,
                  fmt::format("the state folder {} is a real agent's: give a simulated one a folder of its "
                              "own with --state",
                              state.path));
    }
  }
  return {};
}

}  // namespace farholm::agent
