// What of a site's status is worth an event: a layer that was healthy and is not any more, one that is so
// again, and one that somebody else keeps changing. One thread.
#pragma once

#include "agent/event_journal.h"
#include "engine/status.h"

namespace farholm::agent {

// Records what is new in `now`. That the layers of a new plan are not healthy yet is no news.
void tell_health(EventJournal& events, const engine::Status& before, const engine::Status& now);

}  // namespace farholm::agent
