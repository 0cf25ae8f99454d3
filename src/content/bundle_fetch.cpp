#include <fmt/format.h>

#include "content/bundle.h"
#include "content/layout_source.h"

namespace farholm::content {
namespace {

// The first signature that is right; a source that offers a wrong one is reported and passed over.
io::Task<Result<BundleSignature>> fetch_signature(const Fetcher& fetcher, const trust::Root& root,
                                                  Digest index) {
  FARHOLM_CO_TRY(const auto kept, fetcher.store.find_signature(index));
  if (kept) {
    auto verified = verify_bundle_signature(root, *kept, index);
    if (verified) co_return verified;
  }
  Error last{.code = ErrorCode::NotFound,
             .message = fmt::format("no source has the bundle {} with a right signature", index.to_string()),
             .trail = {},
             .causes = {}};
  for (BlobSource* source : fetcher.sources) {
    auto signature = co_await source->fetch_signature(index);
    Error problem;
    if (signature) {
      auto verified = verify_bundle_signature(root, *signature, index);
      if (verified) {
        FARHOLM_CO_CHECK(fetcher.store.put_signature(index, *signature));
        co_return verified;
      }
      problem = std::move(verified).error();
    } else {
      problem = std::move(signature).error();
    }
    last.message += fmt::format("; {}: {}", source->name(), problem.to_string());
    if (problem.code == ErrorCode::NotFound) continue;
    last.code = problem.code == ErrorCode::Forbidden ? ErrorCode::Forbidden : ErrorCode::ServiceUnavailable;
    if (fetcher.report) {
      fetcher.report({.source = source->name(), .digest = index, .error = std::move(problem)});
    }
  }
  co_return std::unexpected(std::move(last));
}

}  // namespace

io::Task<Result<Bundle>> fetch_bundle(const Fetcher& fetcher, const trust::Root& root, Digest index) {
  FARHOLM_CO_TRY(const auto signature, co_await fetch_signature(fetcher, root, index));
  FARHOLM_CO_CHECK(
      co_await fetch_blob(fetcher, {.digest = index, .size_bytes = {}, .limit_bytes = kManifestBytesMax}));
  // Reading stops at the first small blob that is missing; that one is fetched, and reading begins again.
  // What it reads are manifests: few, small and local.
  std::set<Digest> fetched;
  while (true) {
    std::optional<std::pair<Digest, std::uint64_t>> missing;
    auto bundle = read_bundle(index, [&](const Digest& blob, std::uint64_t limit_bytes) {
      auto content = fetcher.store.read(blob, limit_bytes);
      if (!content && (content.error().code == ErrorCode::NotFound ||
                       content.error().code == ErrorCode::ServiceUnavailable)) {
        missing.emplace(blob, limit_bytes);
      }
      return content;
    });
    // One that is missing again is unreadable here: the error says why.
    if (missing && fetched.insert(missing->first).second) {
      FARHOLM_CO_CHECK(co_await fetch_blob(
          fetcher, {.digest = missing->first, .size_bytes = {}, .limit_bytes = missing->second}));
      continue;
    }
    if (!bundle) co_return bundle;
    for (const auto& blob : bundle->blobs) {
      FARHOLM_CO_CHECK(co_await fetch_blob(
          fetcher, {.digest = blob.digest, .size_bytes = blob.size_bytes, .limit_bytes = 0}));
    }
    bundle->name = signature.name;
    co_return bundle;
  }
}

io::Task<Result<Bundle>> import_bundle(const Fetcher& into, const trust::Root& root, io::Files& files,
                                       std::string folder) {
  FARHOLM_CO_TRY(const auto bundle, verify_bundle(root, files, folder));
  LayoutSource source(files, folder);
  Fetcher fetcher = into;
  fetcher.sources = {&source};
  co_return co_await fetch_bundle(fetcher, root, bundle.digest);
}

}  // namespace farholm::content
