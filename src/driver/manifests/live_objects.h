// The objects of one layer as they are in the cluster, kept up to date by watches, one for each kind. This is
// what makes looking at a layer free of requests, and what wakes the agent when something changes.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "io/event.h"
#include "io/scope.h"
#include "kube_client/cluster.h"

namespace farholm::driver::manifests {

// What is kept of an object: its judgement, not its content.
struct LiveObject {
  std::string uid;
  // Moves when somebody changes what this layer says of the object, and not when a controller changes
  // anything else: the digest of the fields that are ours (server-side apply, managedFields: who changes a
  // field takes it). Empty when none are.
  std::string version;
  bool healthy = false;
  bool failed = false;
  std::string message;
};

LiveObject summarize(const json::Value& object);

class LiveObjects {
 public:
  // Both outlive it. `changed` is notified of every change.
  LiveObjects(io::Loop& loop, kube_client::Cluster& cluster, std::string layer_name, io::Event& changed);

  // Watches these kinds too; those that are watched already go on.
  void watch_kinds(const std::set<std::pair<std::string, std::string>>& api_versions_and_kinds);
  // Nullptr when it is not there, as far as its kind's watch has told.
  const LiveObject* find(const kube_client::ObjectRef& ref) const;
  // As an apply has just returned it: do not wait for the watch.
  void note(const json::Value& object);
  // Whether the first listing of every watched kind has arrived.
  bool complete() const;
  const std::string& failure() const { return failure_; }

 private:
  using KindKey = std::pair<std::string, std::string>;
  struct Kind {
    bool listed = false;
    std::map<kube_client::ObjectRef, LiveObject> objects;
  };
  io::Task<void> follow(KindKey key);

  io::Loop& loop_;
  kube_client::Cluster& cluster_;
  std::string selector_;
  io::Event& changed_;
  std::map<KindKey, Kind> kinds_;
  std::string failure_;
  io::Scope watches_;
};

}  // namespace farholm::driver::manifests
