#include "content/fetch.h"

#include <fmt/format.h>

namespace farholm::content {
namespace {

// Asks one source for what is missing. What fails at home (a full disk) is no fault of the source's and goes
// to `local`.
io::Task<Result<void>> fetch_from(const Fetcher& fetcher, const WantedBlob& wanted, BlobSource& source,
                                  PartialBlob& partial, std::optional<Error>& local) {
  const auto at_home = [&](Result<void> result) {
    if (!result && result.error().code != ErrorCode::Invalid) local = result.error();
    return result;
  };
  FARHOLM_CO_TRY(auto pieces, co_await source.fetch(wanted.digest, partial.size_bytes()));
  const std::uint64_t limit = wanted.size_bytes.value_or(wanted.limit_bytes);
  while (true) {
    FARHOLM_CO_TRY(const auto piece, co_await pieces->next());
    if (piece.empty()) break;
    if (piece.size() > limit - partial.size_bytes()) {
      FARHOLM_CO_CHECK(at_home(partial.clear()));
      co_return fail(ErrorCode::Invalid,
                     fmt::format("what came for {} is longer than {} bytes; it was thrown away",
                                 wanted.digest.to_string(), limit));
    }
    FARHOLM_CO_CHECK(at_home(partial.append(piece)));
    if (fetcher.progress) fetcher.progress(piece.size());
    // Disks are synchronous: let others run between pieces.
    co_await fetcher.loop.yield();
  }
  if (wanted.size_bytes && partial.size_bytes() < *wanted.size_bytes) {
    co_return fail(ErrorCode::ServiceUnavailable,
                   fmt::format("{} ended after {} of {} bytes", wanted.digest.to_string(),
                               partial.size_bytes(), *wanted.size_bytes));
  }
  co_return at_home(partial.finish());
}

}  // namespace

io::Task<Result<void>> fetch_blob(const Fetcher& fetcher, WantedBlob wanted) {
  FARHOLM_CO_TRY(const auto there, fetcher.store.find(wanted.digest));
  if (there) {
    if (!wanted.size_bytes || *wanted.size_bytes == *there) co_return Result<void>();
    co_return fail(ErrorCode::Invalid, fmt::format("{} has {} bytes, not the {} that were announced",
                                                   wanted.digest.to_string(), *there, *wanted.size_bytes));
  }
  FARHOLM_CO_TRY(auto partial, fetcher.store.begin(wanted.digest));
  if (partial.size_bytes() > wanted.size_bytes.value_or(wanted.limit_bytes))
    FARHOLM_CO_CHECK(partial.clear());
  Error last{.code = ErrorCode::NotFound,
             .message = fmt::format("no source has {}", wanted.digest.to_string()),
             .trail = {},
             .causes = {}};
  for (BlobSource* source : fetcher.sources) {
    // What was begun may itself be what is wrong: such a source is asked once more, from the beginning.
    bool resumed = partial.size_bytes() > 0;
    while (true) {
      std::optional<Error> local;
      auto fetched = co_await fetch_from(fetcher, wanted, *source, partial, local);
      if (fetched) co_return Result<void>();
      if (local)
        co_return fail_while(std::move(*local), fmt::format("storing {}", wanted.digest.to_string()));
      if (fetched.error().code == ErrorCode::Invalid && std::exchange(resumed, false)) continue;
      last.message += fmt::format("; {}: {}", source->name(), fetched.error().to_string());
      if (fetched.error().code != ErrorCode::NotFound) {
        last.code = ErrorCode::ServiceUnavailable;
        if (fetcher.report) {
          fetcher.report(
              {.source = source->name(), .digest = wanted.digest, .error = std::move(fetched).error()});
        }
      }
      break;
    }
  }
  co_return std::unexpected(std::move(last));
}

}  // namespace farholm::content
