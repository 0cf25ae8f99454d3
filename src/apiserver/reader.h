// Reader: gets and lists, at whatever revision was asked for. On the loop's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apiserver/kinds.h"
#include "apiserver/options.h"
#include "apiserver/rendering.h"
#include "io/loop.h"
#include "store/store.h"

namespace farholm::apiserver {

class Reader {
 public:
  // Both outlive the reader.
  Reader(io::Loop& loop, store::Store& store) : loop_(loop), store_(store) {}

  io::Task<object::Answer<store::EntryRef>> get(const ServedKind& kind, std::string name_space,
                                                std::string name, std::int64_t at_least_revision);

  struct Listed {
    std::vector<store::EntryRef> entries;
    ListMetadata metadata;
  };
  // Without a namespace: of all.
  io::Task<object::Answer<Listed>> list(const ServedKind& kind, std::optional<std::string> name_space,
                                        ListOptions options);

 private:
  // Until the store has come to this revision; Timeout with ResourceVersionTooLarge after three seconds.
  io::Task<object::Answer<void>> wait_for(std::int64_t revision);

  io::Loop& loop_;
  store::Store& store_;
};

// Whether a stored object is selected.
bool selects(const ServedKind& kind, const ListOptions& options, const store::Entry& entry);

}  // namespace farholm::apiserver
