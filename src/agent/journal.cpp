#include "agent/journal.h"

#include <algorithm>

#include "crypto/checked_file.h"
#include "crypto/digest.h"
#include "json/json.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kJournalBytesMax = 1 << 20;
constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kTrialSecondsMax = 365 * 24 * 3600;

// How coarsely the time of a trial is written: so much more of it a plan may get when power fails.
constexpr auto kTrialStep = std::chrono::seconds(30);

std::set<std::string> names_of(const json::Value& holder, std::string_view member) {
  std::set<std::string> names;
  if (const auto* list = json::find_array(holder, member))
    for (const auto& name : *list)
      if (name.is_string()) names.insert(name.get<std::string>());
  return names;
}

engine::Trial parse_trial(const json::Value& value) {
  const auto seconds = json::find_integer(value, "stalledSeconds").value_or(0);
  return {.plan = json::string_or(value, "plan"),
          .excused = names_of(value, "excused"),
          .proven = names_of(value, "proven"),
          .stalled = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kTrialSecondsMax)),
          .mends = json::find_bool(value, "mends").value_or(false)};
}

json::Value to_json(const engine::Trial& trial) {
  return {{"plan", trial.plan},
          {"excused", trial.excused},
          {"proven", trial.proven},
          {"stalledSeconds", std::chrono::duration_cast<std::chrono::seconds>(trial.stalled).count()},
          {"mends", trial.mends}};
}

engine::GivenUp parse_given_up(const json::Value& value) {
  return {.plan = json::string_or(value, "plan"),
          .name = json::string_or(value, "name"),
          .layer = json::string_or(value, "layer"),
          .message = json::string_or(value, "message"),
          .hold = json::find_bool(value, "hold").value_or(false)};
}

json::Value to_json(const engine::GivenUp& given_up) {
  return {{"plan", given_up.plan},
          {"name", given_up.name},
          {"layer", given_up.layer},
          {"message", given_up.message},
          {"hold", given_up.hold}};
}

std::optional<AcceptedNumber> parse_accepted(const json::Value& value) {
  if (!crypto::Digest::parse(json::string_or(value, "digest"))) return std::nullopt;
  return AcceptedNumber{.site_uid = json::string_or(value, "site"),
                        .epoch = json::find_integer(value, "epoch").value_or(0),
                        .generation = json::find_integer(value, "generation").value_or(0),
                        .digest = json::string_or(value, "digest")};
}

json::Value to_json(const AcceptedNumber& accepted) {
  return {{"site", accepted.site_uid},
          {"epoch", accepted.epoch},
          {"generation", accepted.generation},
          {"digest", accepted.digest}};
}

Result<JournalState> parse_journal(const std::string& text) {
  FARHOLM_TRY(const auto document, json::parse(text));
  FARHOLM_TRY(const auto format, json::require_integer(document, "format"));
  if (format != kFormat) return fail(ErrorCode::Invalid, "its format is of a newer agent");
  JournalState state;
  if (const auto* trial = json::find_object(document, "trial")) state.trial = parse_trial(*trial);
  if (const auto* given_up = json::find_object(document, "givenUp"))
    state.given_up = parse_given_up(*given_up);
  if (const auto* accepted = json::find_object(document, "accepted"))
    state.accepted = parse_accepted(*accepted);
  state.incomplete = json::find_bool(document, "incomplete").value_or(false);
  FARHOLM_TRY(const auto* applied, json::require_array(document, "applied"));
  for (const auto& row : *applied) {
    FARHOLM_TRY(auto name, json::require_string(row, "name"));
    FARHOLM_TRY(auto type, json::require_string(row, "type"));
    state.applied.push_back({.name = std::move(name),
                             .type = std::move(type),
                             .fingerprint = json::string_or(row, "fingerprint")});
  }
  return state;
}

std::string to_text(const JournalState& state) {
  json::Value applied = json::Value::array();
  for (const auto& layer : state.applied) {
    applied.push_back({{"name", layer.name}, {"type", layer.type}, {"fingerprint", layer.fingerprint}});
  }
  json::Value document = {{"format", kFormat}, {"applied", std::move(applied)}};
  if (state.incomplete) document["incomplete"] = true;
  if (state.trial) document["trial"] = to_json(*state.trial);
  if (state.given_up) document["givenUp"] = to_json(*state.given_up);
  if (state.accepted) document["accepted"] = to_json(*state.accepted);
  return json::to_text(document);
}

engine::AppliedLayer* find_row(JournalState& state, const std::string& name) {
  const auto found = std::ranges::find(state.applied, name, &engine::AppliedLayer::name);
  return found == state.applied.end() ? nullptr : &*found;
}

}  // namespace

Result<void> Journal::load(std::vector<engine::AppliedLayer> presumed) {
  const auto text = crypto::read_checked_file(files_, path_, kJournalBytesMax);
  if (text && !*text) return {};
  if (!text && text.error().code != ErrorCode::Invalid) return std::unexpected(text.error());
  auto parsed = text ? parse_journal(**text) : std::unexpected(text.error());
  if (parsed) {
    state_ = std::move(*parsed);
    return {};
  }
  const std::string aside = path_ + ".corrupt";
  log_.error("the journal {} cannot be read ({}): it is kept as {}, and the site is looked through afresh",
             path_, parsed.error().to_string(), aside);
  state_ = {.applied = std::move(presumed), .incomplete = true, .trial = {}, .given_up = {}, .accepted = {}};
  // The spoilt file stays in its place until a whole one takes it: a power cut in between forgets nothing
  // more.
  auto kept = keep_aside(aside);
  if (kept) kept = crypto::write_checked_file(files_, path_, to_text(state_));
  if (!kept) log_.error("{}", kept.error().to_string());
  return {};
}

Result<void> Journal::keep_aside(const std::string& path) {
  FARHOLM_TRY(const auto spoilt, io::read_file(files_, path_, kJournalBytesMax));
  return io::write_file_atomically(files_, path, spoilt);
}

Result<void> Journal::save(JournalState state) {
  if (state == state_) return {};
  FARHOLM_CHECK(crypto::write_checked_file(files_, path_, to_text(state)));
  state_ = std::move(state);
  return {};
}

Result<void> Journal::note_applying(const std::string& name, const std::string& type) {
  JournalState next = state_;
  if (auto* layer = find_row(next, name)) {
    // Repairing what was applied completely needs no note: it is safe to repeat.
    if (layer->type == type) return {};
    layer->type = type;
    layer->fingerprint.clear();
  } else {
    next.applied.push_back({.name = name, .type = type, .fingerprint = {}});
  }
  return save(std::move(next));
}

Result<void> Journal::note_applied(const std::string& name, const std::string& type,
                                   const std::string& fingerprint) {
  JournalState next = state_;
  if (auto* layer = find_row(next, name)) {
    layer->type = type;
    layer->fingerprint = fingerprint;
  } else {
    next.applied.push_back({.name = name, .type = type, .fingerprint = fingerprint});
  }
  return save(std::move(next));
}

Result<void> Journal::note_removed(const std::string& name) {
  JournalState next = state_;
  std::erase_if(next.applied, [&](const auto& layer) { return layer.name == name; });
  return save(std::move(next));
}

Result<void> Journal::note_found(const std::vector<engine::AppliedLayer>& found) {
  JournalState next = state_;
  for (const auto& layer : found)
    if (find_row(next, layer.name) == nullptr) next.applied.push_back(layer);
  next.incomplete = false;
  return save(std::move(next));
}

Result<void> Journal::note_accepted(AcceptedNumber accepted) {
  JournalState next = state_;
  next.accepted = std::move(accepted);
  return save(std::move(next));
}

Result<void> Journal::note_standing(std::optional<engine::Trial> trial,
                                    std::optional<engine::GivenUp> given_up) {
  JournalState next = state_;
  if (trial) trial->stalled -= trial->stalled % kTrialStep;
  next.trial = std::move(trial);
  next.given_up = std::move(given_up);
  return save(std::move(next));
}

}  // namespace farholm::agent
