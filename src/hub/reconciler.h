// Reconciler: follows what changes in the store and brings the rest in line: hosts are judged, sites planned,
// links told. Level-triggered: a change only says where to look; one queue in which a thing is at most once.
// One thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "apiserver/event_recorder.h"
#include "base/log.h"
#include "hub/directory.h"
#include "hub/gateway.h"
#include "hub/planner.h"
#include "io/event.h"
#include "io/scope.h"
#include "io/world.h"
#include "store/store.h"

namespace farholm::hub {

// What could not be done (a full disk) is tried again.
inline constexpr std::chrono::seconds kRetryInterval(10);
inline constexpr std::chrono::seconds kTokenInterval(60);

class Reconciler {
 public:
  struct Parts {
    io::World world;
    store::Store& store;
    Directory& directory;
    Planner& planner;
    Gateway& gateway;
    apiserver::EventRecorder& events;
    Logger log;
  };
  explicit Reconciler(Parts parts);

  // Until it is dropped. Has looked at everything that is there when it first waits.
  io::Task<void> run();
  // From the gateway.
  void presence_changed(const std::string& uid);

 private:
  io::Task<void> follow(std::string resource, std::function<void(const store::Event&)> on_event);
  void host_event(const store::Event& event);
  void site_event(const store::Event& event);
  void plan_event(const store::Event& event);
  void secret_event(const store::Event& event);
  void report_event(const store::Event& event);
  void profile_event(const store::Event& event);
  void maintenance_event(const store::Event& event);

  void enqueue(store::Key key);
  void enqueue_sites(const std::function<bool(const store::Entry&)>& which,
                     std::optional<std::string> name_space = {});
  io::Task<Result<void>> reconcile(store::Key key);
  io::Task<Result<void>> reconcile_host(store::Key key);
  io::Task<Result<void>> reconcile_site(store::Key key);
  io::Task<Result<void>> release_site(store::Key key);
  io::Task<void> retry(store::Key key);
  io::Task<void> judge_tokens();
  io::Task<void> after_start();

  Parts parts_;
  std::set<store::Key> queue_;
  std::set<store::Key> retried_;  // those that are enqueued again after a pause
  io::Event queued_;
  io::Scope scope_;
};

}  // namespace farholm::hub
