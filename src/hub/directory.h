// Directory: finds EdgeHosts by what identifies them: UID (certificates), key, machine ID. An index over the
// store, kept up by whoever watches it and by pairing at once. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"

namespace farholm::hub {

class Directory {
 public:
  // The store outlives it.
  explicit Directory(const store::Store& store) : store_(store) {}

  // Something happened to this host: looks at it again.
  void update(const store::Key& key);

  // As the store has it now; nullptr when there is none.
  store::EntryRef by_uid(const std::string& uid) const;
  store::EntryRef by_key(const std::string& key_digest) const;
  std::vector<store::EntryRef> by_machine_id(const std::string& machine_id) const;
  // How many hosts are there that neither a token nor an operator has let in.
  std::size_t waiting() const { return waiting_; }

 private:
  struct Known {
    std::string uid, key_digest, machine_id;
    bool waits = false;
  };
  const store::Store& store_;
  std::map<store::Key, Known> known_;
  std::size_t waiting_ = 0;  // of `known_`
  std::map<std::string, store::Key, std::less<>> uids_;
  std::map<std::string, store::Key, std::less<>> keys_;
  std::map<std::string, std::set<store::Key>, std::less<>> machine_ids_;
};

}  // namespace farholm::hub
