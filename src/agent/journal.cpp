#include "agent/journal.h"

#include <algorithm>

#include "json/json.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kJournalBytesMax = 1 << 20;
constexpr std::int64_t kFormat = 1;

Result<JournalState> parse_journal(const std::string& text) {
  FARHOLM_TRY(const auto document, json::parse(text));
  FARHOLM_TRY(const auto format, json::require_integer(document, "format"));
  if (format != kFormat) return fail(ErrorCode::Invalid, "its format is of a newer agent");
  JournalState state;
  state.last_good = json::string_or(document, "lastGood");
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
  return json::to_text({{"format", kFormat}, {"lastGood", state.last_good}, {"applied", std::move(applied)}});
}

engine::AppliedLayer* find_row(JournalState& state, const std::string& name) {
  const auto found = std::ranges::find(state.applied, name, &engine::AppliedLayer::name);
  return found == state.applied.end() ? nullptr : &*found;
}

}  // namespace

Result<void> Journal::load() {
  FARHOLM_TRY(const auto text, io::read_file_if_exists(files_, path_, kJournalBytesMax));
  if (!text) return {};
  auto parsed = parse_journal(*text);
  if (parsed) {
    state_ = std::move(*parsed);
    return {};
  }
  const std::string aside = path_ + ".corrupt";
  log_.error("the journal {} cannot be read ({}): it is kept as {}, and the site is looked through afresh",
             path_, parsed.error().to_string(), aside);
  return files_.rename(path_, aside);
}

Result<void> Journal::save(JournalState state) {
  if (state == state_) return {};
  FARHOLM_CHECK(io::write_file_atomically(files_, path_, to_text(state)));
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

Result<void> Journal::note_good(const std::string& plan_digest) {
  JournalState next = state_;
  next.last_good = plan_digest;
  return save(std::move(next));
}

}  // namespace farholm::agent
