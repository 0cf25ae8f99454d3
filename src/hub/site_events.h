// SiteEvents: what sites tell of themselves becomes Events, which an operator sees with `kubectl describe
// site`: each once, however often it is told, and of no host more than the store can bear. One thread.
#pragma once

#include <map>
#include <string>

#include "apiserver/event_recorder.h"
#include "hub/directory.h"
#include "hub/event_budget.h"
#include "io/clock.h"
#include "io/task.h"
#include "link/site_event.h"
#include "store/store.h"

namespace farholm::hub {

// Of one host: a year's journal, of which the agent keeps a thousand, comes in a few hours; and in the hour
// for which the hub keeps Events there are never more than some 900.
inline constexpr std::int64_t kSiteEventsAtOnce = 512;
inline constexpr std::chrono::seconds kSiteEventInterval(10);

class SiteEvents {
 public:
  // All outlive it.
  struct Parts {
    io::Clock& clock;
    store::Store& store;
    const Directory& directory;
    apiserver::EventRecorder& recorder;
  };
  explicit SiteEvents(Parts parts) : parts_(parts) {}

  // Takes as many as this host may tell now, in order; durable when it returns, and never taken again. Gives
  // the sequence of the last one of that journal that the hub has, 0 for none. An error is of the store, or
  // of a host that is not there any more.
  io::Task<Result<std::int64_t>> take(std::string host_uid, link::EventBatch batch);

 private:
  EventBudget& budget_of(const std::string& host_uid);

  Parts parts_;
  std::map<std::string, EventBudget> budgets_;  // of hosts that have told something lately
};

}  // namespace farholm::hub
