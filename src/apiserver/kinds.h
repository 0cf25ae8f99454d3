// Kinds: everything that the server serves, found by group, version and resource. Built once from
// descriptors, then only read. On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/admission.h"
#include "apiserver/reviewer.h"
#include "object/kind_descriptor.h"
#include "object/table.h"
#include "store/store.h"

namespace farholm::apiserver {

// A kind as it is served: where its objects are stored, and how they look there when that differs (events of
// two API groups are one in the store).
struct ServedKind {
  ServedKind(object::KindDescriptor descriptor, std::string store_resource)
      : descriptor(std::move(descriptor)),
        store_resource(std::move(store_resource)),
        columns(this->descriptor) {}
  ServedKind(const ServedKind&) = delete;
  ServedKind& operator=(const ServedKind&) = delete;

  object::KindDescriptor descriptor;
  std::string store_resource;
  object::TableColumns columns;
  std::function<json::Value(const json::Value& stored)> from_stored;  // empty: as it is
  std::function<json::Value(const json::Value& served)> to_stored;
  Admission* admission = nullptr;
  Reviewer* reviewer = nullptr;  // given: answered by it, and never stored

  store::Key key(const std::string& name_space, const std::string& name) const {
    return {store_resource, name_space, name};
  }
};

class Kinds {
 public:
  // Kubernetes' own kinds (built_in_kinds.h) are there already.
  Kinds();

  void add(object::KindDescriptor descriptor, Admission* admission = nullptr);
  // One that is asked and not kept. The reviewer outlives the kinds.
  void add_review(object::KindDescriptor descriptor, Reviewer& reviewer);
  const ServedKind* find(std::string_view group, std::string_view version, std::string_view resource) const;
  bool has_group_version(std::string_view group, std::string_view version) const;
  // In the order in which they were added.
  const std::vector<std::unique_ptr<ServedKind>>& all() const { return kinds_; }

 private:
  std::vector<std::unique_ptr<ServedKind>> kinds_;
};

// Where the objects of a kind are in the store: "farholm.dev/sites".
std::string store_resource_of(const object::KindDescriptor& kind);

}  // namespace farholm::apiserver
