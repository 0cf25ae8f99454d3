// Housekeeper: what has to be there from the start (namespaces, CustomResourceDefinitions), and what has to
// go by itself: the content of namespaces that end, and old events. On the loop's thread.
#pragma once

#include <string>
#include <vector>

#include "apiserver/kinds.h"
#include "apiserver/writer.h"
#include "base/log.h"
#include "io/loop.h"

namespace farholm::apiserver {

inline constexpr std::chrono::hours kEventLifetime(1);  // as Kubernetes' --event-ttl

class Housekeeper {
 public:
  // All outlive it.
  Housekeeper(io::Loop& loop, store::Store& store, const Kinds& kinds, Writer& writer, Logger log)
      : loop_(loop), store_(store), kinds_(kinds), writer_(writer), log_(std::move(log)) {}

  io::Task<Result<void>> make_namespace(std::string name);
  // One for each kind that is not Kubernetes' own; those of kinds that are not served any more are removed.
  io::Task<Result<void>> make_custom_resource_definitions();

  // Never ends.
  io::Task<void> run();
  // One round of each, for run() and for tests. Whether a namespace is still waiting for its content to go.
  io::Task<bool> end_namespaces();
  io::Task<void> expire_events();

 private:
  io::Task<bool> empty_namespace(std::string name);
  json::Value definition_of(const object::KindDescriptor& kind, const store::Entry* current) const;

  io::Loop& loop_;
  store::Store& store_;
  const Kinds& kinds_;
  Writer& writer_;
  Logger log_;
};

}  // namespace farholm::apiserver
