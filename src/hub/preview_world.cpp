#include "hub/preview_world.h"

#include <algorithm>

#include "base/assert.h"

namespace farholm::hub {

io::Task<void> PreviewStore::reached(std::int64_t) {
  co_return;  // reads show what is there
}

store::EntryRef PreviewStore::get(const store::Key& key) const {
  const auto found = changed_.find(key);
  return found == changed_.end() ? base_.get(key) : found->second;
}

Result<store::ListResult> PreviewStore::list(std::string_view resource,
                                             const store::ListOptions& options) const {
  FARHOLM_ASSERT(options.revision == 0 && options.limit == 0 && !options.after);
  FARHOLM_TRY(auto listed, base_.list(resource, options));
  std::erase_if(listed.entries, [&](const auto& entry) { return changed_.contains(entry->key); });
  const std::size_t unchanged = listed.entries.size();
  for (const auto& [key, entry] : changed_)
    if (entry != nullptr && key.resource == resource &&
        (!options.name_space || *options.name_space == key.name_space))
      listed.entries.push_back(entry);
  // Hosts are listed once a site, and never change here.
  if (listed.entries.size() > unchanged)
    std::ranges::sort(listed.entries, {}, [](const auto& entry) -> const store::Key& { return entry->key; });
  return listed;
}

io::Task<Result<std::vector<store::Outcome>>> PreviewStore::commit(std::vector<store::Write> writes) {
  const std::size_t before = group_.events().size();
  auto outcomes = group_.decide(writes);
  for (const auto& event : group_.events().subspan(outcomes ? before : group_.events().size()))
    changed_[event->entry->key] = event->type == store::Event::Type::Deleted ? nullptr : event->entry;
  co_return outcomes;
}

Result<std::unique_ptr<store::Watch>> PreviewStore::watch(store::WatchOptions) {
  return fail(ErrorCode::MethodNotAllowed, "a preview cannot be watched");
}

Result<std::string> PreviewBlobs::read(const content::Digest& digest, std::uint64_t limit_bytes) {
  const auto made = made_.find(digest);
  if (made == made_.end()) return base_.read(digest, limit_bytes);
  return made->second;
}

Result<content::Digest> PreviewBlobs::put(std::string_view bytes) {
  const auto digest = content::Digest::of(bytes);
  if (made_.contains(digest)) return digest;
  if (bytes.size() > kPreviewBlobBytesMax - size_bytes_)
    return fail(ErrorCode::RequestEntityTooLarge,
                "the profiles are too large for one preview: preview them one by one");
  size_bytes_ += bytes.size();
  made_.emplace(digest, bytes);
  return digest;
}

}  // namespace farholm::hub
