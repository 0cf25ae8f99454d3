// PreviewStore and PreviewBlobs: the hub's store and content as they would be, over what they are. What is
// written stays in memory and goes with them. One thread.
#pragma once

#include <map>
#include <string>

#include "hub/blobs.h"
#include "store/group.h"
#include "store/store.h"

namespace farholm::hub {

// Content that one preview may make: profiles copy their bundles' manifests in.
inline constexpr std::size_t kPreviewBlobBytesMax = 32 << 20;

class PreviewStore final : public store::Store {
 public:
  // The base outlives it. What changes there meanwhile is seen, except where it was written here.
  explicit PreviewStore(const store::Store& base) : base_(base), group_(base, base.revision()) {}

  std::int64_t revision() const override { return base_.revision(); }
  io::Task<void> reached(std::int64_t revision) override;
  store::EntryRef get(const store::Key& key) const override;
  // Only whole lists, of all namespaces or one.
  Result<store::ListResult> list(std::string_view resource, const store::ListOptions& options) const override;
  std::vector<std::string> resources() const override { return base_.resources(); }
  io::Task<Result<std::vector<store::Outcome>>> commit(std::vector<store::Write> writes) override;
  // Nobody watches what never comes to be: MethodNotAllowed.
  Result<std::unique_ptr<store::Watch>> watch(store::WatchOptions options) override;
  void compact(std::int64_t) override {}

 private:
  const store::Store& base_;
  store::Group group_;
  std::map<store::Key, store::EntryRef> changed_;  // nullptr: removed
};

class PreviewBlobs final : public Blobs {
 public:
  explicit PreviewBlobs(content::BlobStore& base) : base_(base) {}
  Result<std::string> read(const content::Digest& digest, std::uint64_t limit_bytes) override;
  // RequestEntityTooLarge beyond kPreviewBlobBytesMax in all.
  Result<content::Digest> put(std::string_view bytes) override;

 private:
  content::BlobStore& base_;
  std::map<content::Digest, std::string> made_;
  std::size_t size_bytes_ = 0;
};

}  // namespace farholm::hub
