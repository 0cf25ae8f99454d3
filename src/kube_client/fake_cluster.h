// A Cluster in memory, for tests: keeps what is applied, counts generations, prunes nothing by itself, runs
// no controllers. It behaves as an API server does where drivers can tell the difference: resourceVersion
// moves only when something changed, generation only when spec did, labels select, uids are new for new
// objects.
#pragma once

#include <map>
#include <set>

#include "io/event.h"
#include "kube_client/cluster.h"

namespace farholm::kube_client {

class FakeCluster final : public Cluster {
 public:
  explicit FakeCluster(io::Loop& loop) : changed_(loop) {}

  io::Task<Result<bool>> is_namespaced(std::string api_version, std::string kind) override;
  io::Task<Result<json::Value>> get(ObjectRef ref) override;
  io::Task<Result<std::vector<json::Value>>> list(Selection selection) override;
  io::Task<Result<json::Value>> apply(json::Value object, std::string field_manager) override;
  io::Task<Result<void>> remove(ObjectRef ref, std::string uid, Propagation propagation) override;
  io::Task<Result<void>> watch(Selection selection, std::function<void(const WatchEvent&)> on_event) override;
  io::Task<Result<std::string>> get_raw(std::string path) override;

  // For tests: what is there, and hands to change it behind the driver's back.
  const std::map<ObjectRef, json::Value>& objects() const { return objects_; }
  void put_status(const ObjectRef& ref, json::Value status);
  void touch_spec(const ObjectRef& ref, const json::Value& merge_patch);
  void erase(const ObjectRef& ref);
  // Every call fails like this until it is taken back.
  void fail_with(std::optional<Error> error) { failure_ = std::move(error); }
  // Applying this ref over an object that is there is refused as an immutable field's change is.
  void make_immutable(const ObjectRef& ref) { immutable_.insert(ref); }
  int applies() const { return applies_; }

 private:
  void stored(json::Value& object);

  io::Event changed_;
  std::map<ObjectRef, json::Value> objects_;
  std::set<ObjectRef> immutable_;
  std::optional<Error> failure_;
  std::int64_t revision_ = 1;
  int applies_ = 0;
};

}  // namespace farholm::kube_client
