// Whose a state folder is: a real agent's or a simulated one's (driver/simulated), for good. What one of them
// has written there means something else to the other: a real agent would believe that layers are in place of
// which nothing runs, a simulated one would leave containers behind that nobody looks after. Any thread.
#pragma once

#include "agent/state_folder.h"
#include "base/result.h"
#include "io/files.h"

namespace farholm::agent {

// Conflict, with what to do, when the folder is the other's. Writes nothing: a simulated agent's record
// (StateFolder::simulation) is made next, before anything else is.
Result<void> check_state_claim(io::Files& files, const StateFolder& state, bool simulated);

}  // namespace farholm::agent
