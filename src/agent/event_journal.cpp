#include "agent/event_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace farholm::agent {
namespace {

// A line: sixteen characters of the digest of its JSON, a space, the JSON.
constexpr std::size_t kSealBytes = 16;
// So long the file may grow before it is written anew, and so much of it is read.
constexpr std::size_t kLinesMax = 3 * kEventsMax;
constexpr std::uint64_t kFileBytesMax = 8 << 20;
// After lines that cannot be read: whatever they were, their sequences are not used again.
constexpr std::int64_t kSequenceGap = 1 << 20;
// Kinds of which the last is remembered, so that the same again is not written again at once.
constexpr std::size_t kKindsMax = 512;

std::string seal_of(std::string_view text) {
  return crypto::Digest::of(text).hex().substr(0, kSealBytes);
}

bool same_kind(const link::SiteEvent& one, const link::SiteEvent& other) {
  return one.reason == other.reason && one.layer == other.layer;
}

// In one line, whatever a program printed; control characters would be six bytes each in JSON.
std::string sentence(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return cut_text(std::move(text), link::kEventMessageBytesMax);
}

}  // namespace

void thin_events(std::vector<link::SiteEvent>& events, std::int64_t delivered, std::size_t events_max) {
  if (events.size() <= events_max) return;
  // More than has to go, so that it is not done for each event.
  while (events.size() > events_max - events_max / 10) {
    if (events.front().sequence <= delivered) {
      events.erase(events.begin());
      continue;
    }
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> kinds;
    for (const auto& event : events) ++kinds[{event.layer, event.reason}];
    const auto most = std::ranges::max_element(kinds, {}, [](const auto& kind) { return kind.second; });
    auto victim = events.begin();
    if (most->second > 2) {
      const auto of_kind = [&](const auto& event) {
        return event.layer == most->first.first && event.reason == most->first.second;
      };
      victim = std::find_if(std::find_if(events.begin(), events.end(), of_kind) + 1, events.end(), of_kind);
    }
    const auto heir =
        std::find_if(victim + 1, events.end(), [&](const auto& event) { return same_kind(event, *victim); });
    if (heir != events.end()) heir->count += victim->count;
    events.erase(victim);
  }
}

EventJournal::EventJournal(const io::World& world, std::string path, Logger log, bool simulated)
    : world_(world),
      path_(std::move(path)),
      log_(std::move(log)),
      simulated_(simulated),
      recorded_(world.loop) {}

void EventJournal::load() {
  const auto text = io::read_file_if_exists(world_.files, path_, kFileBytesMax);
  std::size_t lines = 0;
  std::size_t spoilt = 0;
  if (!text) {
    log_.error("what happened here is not known any more: {}", text.error().to_string());
  } else if (*text) {
    std::string_view rest = **text;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      // Without its end it is one that power cut off.
      if (end == std::string_view::npos || !take_line(rest.substr(0, end))) ++spoilt;
      ++lines;
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    bytes_ = (*text)->size();
    lines_ = lines;
    rewrite_ = spoilt > 0 || name_.empty();
  }
  if (spoilt > 0) {
    log_.warning("{} of {} lines of {} cannot be read: what they told is lost", spoilt, lines, path_);
    sequence_ += kSequenceGap;
  }
  sequence_ = std::max(sequence_, delivered_);
  if (name_.empty()) name_ = io::random_uuid(world_.entropy);
  durable_ = sequence_;
  thin_events(events_, delivered_, kEventsMax);
}

bool EventJournal::take_line(std::string_view line) {
  if (line.size() <= kSealBytes || line[kSealBytes] != ' ') return false;
  const auto text = line.substr(kSealBytes + 1);
  if (line.substr(0, kSealBytes) != seal_of(text)) return false;
  const auto value = json::parse(text);
  if (!value) return false;
  const auto name = json::string_or(*value, "journal");
  if (name.empty() || (!name_.empty() && name != name_)) return false;
  name_ = name;
  if (const auto through = json::find_integer(*value, "delivered")) {
    delivered_ = std::max(delivered_, *through);
    return true;
  }
  auto event = link::parse_site_event(*value);
  if (!event || event->sequence <= sequence_) return false;
  sequence_ = event->sequence;
  events_.push_back(std::move(*event));
  return true;
}

bool EventJournal::is_news(Kind& kind, std::string_view reason, std::string_view layer,
                           std::string_view message) {
  const auto now = world_.clock.monotonic();
  const auto newest =
      std::find_if(events_.rbegin(), events_.rend(), [&](const auto& event) { return event.layer == layer; });
  const bool goes_on = newest != events_.rend() && newest->reason == reason && newest->message == message;
  const bool is_recent = kind.told > 0 && now - std::exchange(kind.seen, now) < kSameEventPause;
  if (!is_recent) {
    kind = {.seen = now, .told_at = now, .told = 1, .uncounted = kind.uncounted};
    return true;
  }
  if (goes_on) {
    if (now - kind.told_at < kind.pause) return false;
    kind.pause = std::min(2 * kind.pause, kSameEventPauseMax);
  } else if (kind.told >= kToldAtOnce) {
    if (now - kind.told_at < kSameEventPause) return false;
    kind.told = 0;
  }
  kind.told_at = now;
  ++kind.told;
  return true;
}

void EventJournal::record(bool warning, std::string reason, std::string layer, std::string message) {
  message = sentence((simulated_ ? "simulated: " : "") + message);
  if (last_.size() >= kKindsMax) last_.clear();
  auto& kind = last_[{layer, reason}];
  if (!is_news(kind, reason, layer, message)) {
    ++kind.uncounted;
    return;
  }
  const auto count = 1 + std::exchange(kind.uncounted, 0);
  sequence_ += count;
  events_.push_back({.sequence = sequence_,
                     .time = io::to_rfc3339(world_.clock.now()),
                     .warning = warning,
                     .reason = std::move(reason),
                     .layer = std::move(layer),
                     .message = std::move(message),
                     .count = count});
  thin_events(events_, delivered_, kEventsMax);
  keep(link::to_json(events_.back()));
  recorded_.notify();
}

link::EventBatch EventJournal::undelivered() const {
  link::EventBatch batch{.journal = name_, .events = {}};
  for (const auto& event : events_) {
    if (event.sequence <= delivered_ || event.sequence > durable_) continue;
    batch.events.push_back(event);
    if (batch.events.size() == link::kEventsPerFrameMax) break;
  }
  return batch;
}

void EventJournal::delivered(const std::string& journal, std::int64_t through) {
  through = std::min(through, durable_);
  if (journal != name_ || through <= delivered_) return;
  delivered_ = through;
  keep({{"delivered", through}});
}

void EventJournal::keep(json::Value line) {
  const bool anew = rewrite_ || lines_ >= kLinesMax;
  auto kept = anew ? rewrite() : append(sealed(std::move(line)));
  rewrite_ = !kept;
  if (!kept) {
    if (!std::exchange(told_, true))
      log_.warning("what happens here cannot be written down: {}", kept.error().to_string());
    return;
  }
  told_ = false;
  durable_ = sequence_;
}

// With the journal's name in each line, one that can be read is enough to know it.
std::string EventJournal::sealed(json::Value value) const {
  value["journal"] = name_;
  const auto text = json::to_text(value);
  return seal_of(text) + " " + text + "\n";
}

Result<void> EventJournal::append(const std::string& line) {
  FARHOLM_TRY(const auto file, world_.files.open(path_, io::OpenMode::ReadWrite));
  FARHOLM_CHECK(file->write_at(bytes_, as_bytes(line)));
  FARHOLM_CHECK(file->sync());
  bytes_ += line.size();
  ++lines_;
  return {};
}

Result<void> EventJournal::rewrite() {
  std::string text = sealed({{"delivered", delivered_}});
  for (const auto& event : events_) text += sealed(link::to_json(event));
  FARHOLM_CHECK(io::write_file_atomically(world_.files, path_, text));
  bytes_ = text.size();
  lines_ = events_.size() + 1;
  return {};
}

std::string events_as_text(const std::vector<link::SiteEvent>& events) {
  std::string text;
  for (const auto& event : events) {
    text += fmt::format("{}  {:<7}  {:<18}  {}{}{}\n", event.time, event.warning ? "Warning" : "Normal",
                        event.reason, event.layer.empty() ? "" : event.layer + ": ", event.message,
                        event.count > 1 ? fmt::format(" ({} times)", event.count) : "");
  }
  return text;
}

}  // namespace farholm::agent
