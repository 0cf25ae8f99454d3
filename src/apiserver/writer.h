// Writer: creates, changes and deletes objects under Kubernetes' rules. It knows nothing of HTTP. Each write
// is computed against the state that is there, and committed only if that state is still there; else computed
// again. On the loop's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apiserver/kinds.h"
#include "apiserver/negotiation.h"
#include "apiserver/options.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "store/store.h"

namespace farholm::apiserver {

struct Written {
  int status = 200;
  json::Value object;  // as it is served
  std::vector<std::string> warnings;
};

// Whom a write is about.
struct Target {
  const ServedKind& kind;
  std::string name_space;
  std::string name;         // empty on creation
  std::string subresource;  // "", "status" or "finalize"
  User user;
};

class Writer {
 public:
  // All outlive the writer.
  Writer(store::Store& store, io::Clock& clock, io::Entropy& entropy)
      : store_(store), clock_(clock), entropy_(entropy) {}

  io::Task<object::Answer<Written>> create(Target target, WriteOptions options, BodyType type,
                                           std::string body);
  io::Task<object::Answer<Written>> update(Target target, WriteOptions options, BodyType type,
                                           std::string body);
  io::Task<object::Answer<Written>> patch(Target target, WriteOptions options, PatchType type,
                                          std::string body);
  io::Task<object::Answer<Written>> remove(Target target, DeleteOptions options);

 private:
  // Makes the new served object of the old one.
  using Change =
      std::function<object::Answer<json::Value>(const json::Value& old, std::vector<std::string>& strict)>;
  io::Task<object::Answer<Written>> change(Target target, WriteOptions options, bool version_required,
                                           Change compute);
  io::Task<object::Answer<Written>> create_once(const Target& target, const WriteOptions& options,
                                                json::Value object);
  // Whether it was committed; false when the state was another one by then.
  io::Task<object::Answer<bool>> commit(const Target& target, store::EntryRef expected, store::Change change,
                                        std::vector<store::Write> further, store::EntryRef& now);
  object::Answer<void> stamp_new(const Target& target, json::Value& object);

  store::Store& store_;
  io::Clock& clock_;
  io::Entropy& entropy_;
};

}  // namespace farholm::apiserver
