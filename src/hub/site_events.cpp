#include "hub/site_events.h"

#include <fmt/format.h>

#include "hub/host.h"
#include "hub/resources.h"
#include "object/metadata.h"
#include "object/timestamp.h"

namespace farholm::hub {
namespace {

// So many budgets may lie about that are as good as new.
constexpr std::size_t kIdleBudgetsMax = 1024;

// The site that the host is part of; the host itself while it is part of none.
json::Value subject_of(const store::Entry& host, const store::Store& store) {
  const auto site = status_text(host.value, "site");
  const auto entry = site.empty() ? nullptr : store.get(key_of(kSites, host.key.name_space, site));
  return entry ? entry->value : host.value;
}

struct Mark {
  std::string journal;
  std::int64_t through = 0;
};

// Beside the host's report: what it has told.
Mark mark_of(const store::EntryRef& entry) {
  const auto* mark = entry ? json::find_object(entry->value, "events") : nullptr;
  if (mark == nullptr) return {};
  return {.journal = json::string_or(*mark, "journal"),
          .through = json::find_integer(*mark, "through").value_or(0)};
}

store::Write remember(const std::string& host_uid, const Mark& mark) {
  return {key_of(kReports, "", host_uid), [mark](const store::Entry* current) -> Result<store::Change> {
            json::Value value = current ? current->value : json::Value{{"metadata", json::Value::object()}};
            value["events"] = {{"journal", mark.journal}, {"through", mark.through}};
            return store::Change::put(std::move(value));
          }};
}

}  // namespace

EventBudget& SiteEvents::budget_of(const std::string& host_uid) {
  const auto now = parts_.clock.monotonic();
  if (budgets_.size() >= kIdleBudgetsMax)
    std::erase_if(budgets_, [&](const auto& one) { return one.second.is_full(now); });
  return budgets_.try_emplace(host_uid, kSiteEventsAtOnce, kSiteEventInterval).first->second;
}

io::Task<Result<std::int64_t>> SiteEvents::take(std::string host_uid, link::EventBatch batch) {
  const auto host = parts_.directory.by_uid(host_uid);
  if (host == nullptr) co_return fail(ErrorCode::NotFound, "there is no such host any more");
  auto mark = mark_of(parts_.store.get(key_of(kReports, "", host_uid)));
  if (mark.journal != batch.journal) mark = {.journal = batch.journal, .through = 0};
  auto& budget = budget_of(host_uid);
  std::vector<apiserver::Happening> happenings;
  for (auto& event : batch.events) {
    if (event.sequence <= mark.through) continue;
    if (!budget.take(parts_.clock.monotonic())) break;
    const auto time = object::parse_rfc3339(event.time);
    happenings.push_back(
        {.id = fmt::format("{}/{}/{}", host_uid, batch.journal, event.sequence),
         .type = event.warning ? apiserver::EventType::Warning : apiserver::EventType::Normal,
         .reason = std::move(event.reason),
         .message = event.layer.empty() ? std::move(event.message)
                                        : fmt::format("layer {}: {}", event.layer, event.message),
         .field_path = event.layer.empty() ? "" : fmt::format("spec.layers{{{}}}", event.layer),
         .time = time.value_or(parts_.clock.now()),
         .count = event.count});
    mark.through = event.sequence;
  }
  if (happenings.empty()) co_return mark.through;
  auto writes = parts_.recorder.writes_for(subject_of(*host, parts_.store),
                                           {.component = "farholm-agent", .host = host->key.name},
                                           std::move(happenings));
  writes.push_back(remember(host_uid, mark));
  auto written = co_await parts_.store.commit(std::move(writes));
  if (!written) co_return fail_while(std::move(written).error(), "recording what a host tells");
  co_return mark.through;
}

}  // namespace farholm::hub
