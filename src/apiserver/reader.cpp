#include "apiserver/reader.h"

#include "base/encoding.h"
#include "io/scope.h"

namespace farholm::apiserver {

using object::Answer;

namespace {

constexpr std::chrono::seconds kFutureRevisionWait(3);

// apiserver's continue token: where the next page begins, and at which revision all pages are.
std::string make_token(std::int64_t revision, const store::Key& last) {
  const auto text = json::to_text(
      {{"v", "meta.k8s.io/v1"}, {"rv", revision}, {"ns", last.name_space}, {"start", last.name}});
  return to_base64(as_bytes(text));
}

Answer<void> read_token(const std::string& token, store::ListOptions& options) {
  const auto malformed = [] {
    return std::unexpected(object::bad_request("continue key is not valid: list again from the start"));
  };
  const auto bytes = from_base64(token);
  if (!bytes) return malformed();
  const auto value = json::parse(as_text(*bytes), {.bytes_max = 4096, .depth_max = 4, .values_max = 16});
  if (!value || json::string_or(*value, "v") != "meta.k8s.io/v1") return malformed();
  const auto revision = json::find_integer(*value, "rv");
  if (!revision || *revision <= 0) return malformed();
  options.revision = *revision;
  options.after = {json::string_or(*value, "ns"), json::string_or(*value, "start")};
  return {};
}

object::Failure too_large(std::int64_t wanted, std::int64_t current) {
  Error error{.code = ErrorCode::Timeout,
              .message = "Timeout: Too large resource version: " + std::to_string(wanted) +
                         ", current: " + std::to_string(current),
              .trail = {},
              .causes = {{"ResourceVersionTooLarge", "Too large resource version", ""}}};
  return {std::move(error), {.retry_after_seconds = 1}};
}

object::Failure expired(const Error& error) {
  if (error.code != ErrorCode::Expired) return object::Failure(error);
  return object::Failure(
      {.code = ErrorCode::Expired,
       .message =
           "The provided continue parameter or resource version is too old to display a consistent list "
           "result. Start a new list without it."});
}

}  // namespace

bool selects(const ServedKind& kind, const ListOptions& options, const store::Entry& entry) {
  if (!options.labels.matches_object(entry.value)) return false;
  if (options.fields.empty()) return true;
  return kind.from_stored ? options.fields.matches(kind.from_stored(entry.value))
                          : options.fields.matches(entry.value);
}

io::Task<Answer<void>> Reader::wait_for(std::int64_t revision) {
  if (store_.revision() >= revision) co_return Answer<void>();
  auto reached = [](store::Store& store, std::int64_t until) -> io::Task<bool> {
    co_await store.reached(until);
    co_return true;
  }(store_, revision);
  auto expired = [](io::Loop& loop) -> io::Task<int> {
    co_await loop.sleep(kFutureRevisionWait);
    co_return 0;
  }(loop_);
  const auto first = co_await io::first_of<bool, int>(loop_, std::move(reached), std::move(expired));
  if (first.index() == 0) co_return Answer<void>();
  co_return std::unexpected(too_large(revision, store_.revision()));
}

io::Task<Answer<store::EntryRef>> Reader::get(const ServedKind& kind, std::string name_space,
                                              std::string name, std::int64_t at_least_revision) {
  FARHOLM_CO_CHECK(co_await wait_for(at_least_revision));
  auto entry = store_.get(kind.key(name_space, name));
  if (!entry) co_return std::unexpected(object::not_found(kind.descriptor, name));
  co_return entry;
}

io::Task<Answer<Reader::Listed>> Reader::list(const ServedKind& kind, std::optional<std::string> name_space,
                                              ListOptions options) {
  FARHOLM_CO_CHECK(co_await wait_for(options.resource_version));
  store::ListOptions query{.name_space = std::move(name_space)};
  if (options.exact) query.revision = options.resource_version;
  if (!options.continue_token.empty()) FARHOLM_CO_CHECK(read_token(options.continue_token, query));
  // Pages of a selection would need a scan for each; they are given whole, which clients must accept.
  const bool selective = !options.labels.empty() || !options.fields.empty();
  if (!selective) query.limit = options.limit;
  auto page = store_.list(kind.store_resource, query);
  if (!page) co_return std::unexpected(expired(page.error()));
  Listed listed;
  listed.metadata.revision = page->revision;
  if (page->remaining > 0 && !page->entries.empty()) {
    listed.metadata.remaining = page->remaining;
    listed.metadata.continue_token = make_token(page->revision, page->entries.back()->key);
  }
  if (selective) {
    for (const auto& entry : page->entries)
      if (selects(kind, options, *entry)) listed.entries.push_back(entry);
  } else {
    listed.entries = std::move(page->entries);
  }
  co_return listed;
}

}  // namespace farholm::apiserver
