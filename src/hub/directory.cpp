#include "hub/directory.h"

#include "hub/host.h"
#include "object/metadata.h"

namespace farholm::hub {

void Directory::update(const store::Key& key) {
  // The store knows best, whatever the news was.
  const auto entry = store_.get(key);
  if (const auto found = known_.find(key); found != known_.end()) {
    const auto& old = found->second;
    if (const auto at = uids_.find(old.uid); at != uids_.end() && at->second == key) uids_.erase(at);
    if (const auto at = keys_.find(old.key_digest); at != keys_.end() && at->second == key) keys_.erase(at);
    if (const auto at = machine_ids_.find(old.machine_id); at != machine_ids_.end()) {
      at->second.erase(key);
      if (at->second.empty()) machine_ids_.erase(at);
    }
    if (old.waits) --waiting_;
    known_.erase(found);
  }
  if (entry == nullptr) return;
  Known now{.uid = object::uid_of(entry->value),
            .key_digest = status_text(entry->value, "keyDigest"),
            .machine_id = status_text(entry->value, "machineID"),
            .waits = !is_vouched_for(entry->value)};
  uids_.insert_or_assign(now.uid, key);
  if (!now.key_digest.empty()) keys_.insert_or_assign(now.key_digest, key);
  if (!now.machine_id.empty()) machine_ids_[now.machine_id].insert(key);
  if (now.waits) ++waiting_;
  known_.emplace(key, std::move(now));
}

store::EntryRef Directory::by_uid(const std::string& uid) const {
  const auto found = uids_.find(uid);
  return found == uids_.end() ? nullptr : store_.get(found->second);
}

store::EntryRef Directory::by_key(const std::string& key_digest) const {
  const auto found = keys_.find(key_digest);
  return found == keys_.end() ? nullptr : store_.get(found->second);
}

std::vector<store::EntryRef> Directory::by_machine_id(const std::string& machine_id) const {
  std::vector<store::EntryRef> entries;
  const auto found = machine_ids_.find(machine_id);
  if (found == machine_ids_.end()) return entries;
  for (const auto& key : found->second)
    if (auto entry = store_.get(key)) entries.push_back(std::move(entry));
  return entries;
}

}  // namespace farholm::hub
