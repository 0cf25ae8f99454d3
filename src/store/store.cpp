#include "store/store.h"

#include <fmt/format.h>

namespace farholm::store {
namespace {

// `sites.farholm.dev "berlin"`, as Kubernetes names an object in its messages.
std::string words_for(const Key& key) {
  const auto slash = key.resource.find('/');
  const auto group = slash == std::string::npos ? "" : key.resource.substr(0, slash);
  const auto plural = slash == std::string::npos ? key.resource : key.resource.substr(slash + 1);
  return fmt::format("{}{}{} \"{}\"", plural, group.empty() ? "" : ".", group, key.name);
}

std::unexpected<Error> not_found(const Key& key) {
  return fail(ErrorCode::NotFound, fmt::format("{} not found", words_for(key)));
}

std::unexpected<Error> conflict(const Key& key, std::string_view why) {
  return fail(ErrorCode::Conflict,
              fmt::format("Operation cannot be fulfilled on {}: {}", words_for(key), why));
}

}  // namespace

io::Task<Result<Outcome>> mutate(Store& store, Key key, Decide decide) {
  std::vector<Write> writes;
  writes.push_back({std::move(key), std::move(decide)});
  FARHOLM_CO_TRY(auto outcomes, co_await store.commit(std::move(writes)));
  co_return std::move(outcomes.front());
}

io::Task<Result<EntryRef>> create(Store& store, Key key, json::Value value) {
  Decide decide = [key, value = std::move(value)](const Entry* current) -> Result<Change> {
    if (current != nullptr) {
      return fail(ErrorCode::AlreadyExists, fmt::format("{} already exists", words_for(key)));
    }
    return Change::put(value);
  };
  FARHOLM_CO_TRY(auto outcome, co_await mutate(store, std::move(key), std::move(decide)));
  co_return std::move(outcome.entry);
}

io::Task<Result<EntryRef>> update(Store& store, Key key, std::int64_t expected_revision, json::Value value) {
  Decide decide = [key, expected_revision, value = std::move(value)](const Entry* current) -> Result<Change> {
    if (current == nullptr) return not_found(key);
    if (expected_revision != 0 && current->revision != expected_revision) {
      return conflict(key,
                      "the object has been modified; please apply your changes to the latest version and "
                      "try again");
    }
    return Change::put(value);
  };
  FARHOLM_CO_TRY(auto outcome, co_await mutate(store, std::move(key), std::move(decide)));
  co_return std::move(outcome.entry);
}

Result<void> check_preconditions(const Entry& entry, const Preconditions& preconditions) {
  if (preconditions.uid) {
    const auto* metadata = json::find_object(entry.value, "metadata");
    const std::string uid = metadata == nullptr ? "" : json::string_or(*metadata, "uid");
    if (uid != *preconditions.uid) {
      return conflict(entry.key,
                      fmt::format("the UID in the precondition ({}) does not match the UID in record "
                                  "({}). The object might have been deleted and then recreated",
                                  *preconditions.uid, uid));
    }
  }
  if (preconditions.revision && entry.revision != *preconditions.revision) {
    return conflict(entry.key,
                    fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                "ResourceVersion in record ({}). The object might have been modified",
                                *preconditions.revision, entry.revision));
  }
  return {};
}

io::Task<Result<EntryRef>> remove(Store& store, Key key, Preconditions preconditions) {
  Decide decide = [key, preconditions = std::move(preconditions)](const Entry* current) -> Result<Change> {
    if (current == nullptr) return not_found(key);
    FARHOLM_CHECK(check_preconditions(*current, preconditions));
    return Change::remove();
  };
  FARHOLM_CO_TRY(auto outcome, co_await mutate(store, std::move(key), std::move(decide)));
  co_return std::move(outcome.entry);
}

}  // namespace farholm::store
