// EventJournal: what happened at this site, for the hub, which may not be there for a year, and for people on
// the box. A file of lines that grows by one for each event and is written anew when it has grown too long;
// what is repeated is thinned first, the first and the last of a kind stay. Nothing is ever delivered that is
// not durable, and no sequence is used twice, so that the hub can tell what it has. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "io/event.h"
#include "io/world.h"
#include "link/site_event.h"

namespace farholm::agent {

inline constexpr std::size_t kEventsMax = 1000;
// The same again is counted in memory, and told with the next of its kind: what does not stop, at intervals
// that double up to a day; of what comes and goes a few, and then one in ten minutes. So trouble that lasts
// does not wear the disk.
inline constexpr io::Duration kSameEventPause = std::chrono::minutes(10);
inline constexpr io::Duration kSameEventPauseMax = std::chrono::hours(24);
inline constexpr int kToldAtOnce = 6;

class EventJournal {
 public:
  // The world outlives it. Of a simulated site every message says so.
  EventJournal(const io::World& world, std::string path, Logger log, bool simulated = false);

  // Lines that the disk has changed are left out. What cannot be read at all is no reason not to run.
  void load();

  // `message` is a sentence without secrets; longer ones are cut. Durable when it returns, unless the disk
  // does not take it: then it is kept in memory and written with the next.
  void record(bool warning, std::string reason, std::string layer, std::string message);

  // The next that the hub has not acknowledged; no events: it has everything that is durable.
  link::EventBatch undelivered() const;
  // The hub has all events of this journal up to here.
  void delivered(const std::string& journal, std::int64_t through);

  // All that are kept, delivered or not, oldest first.
  const std::vector<link::SiteEvent>& events() const { return events_; }
  io::Event& recorded() { return recorded_; }

 private:
  // Of one reason and layer: what was told of it lately.
  struct Kind {
    io::MonotonicTime seen, told_at;
    int told = 0;  // since it was last quiet
    io::Duration pause = kSameEventPause;
    std::int64_t uncounted = 0;  // the same again since it was told
  };
  bool is_news(Kind& kind, std::string_view reason, std::string_view layer, std::string_view message);
  // False for a line that is not as it was written.
  bool take_line(std::string_view line);
  // Writes one more line, or the whole file.
  void keep(json::Value line);
  Result<void> append(const std::string& line);
  Result<void> rewrite();
  std::string sealed(json::Value value) const;

  io::World world_;
  std::string path_;
  Logger log_;
  bool simulated_;
  std::string name_;  // the journal's
  std::vector<link::SiteEvent> events_;
  std::map<std::pair<std::string, std::string>, Kind> last_;  // by layer and reason
  std::int64_t sequence_ = 0;                                 // the newest used
  std::int64_t durable_ = 0;                                  // the newest that is on the disk
  std::int64_t delivered_ = 0;                                // the newest that the hub has
  std::uint64_t bytes_ = 0;                                   // of the file, as far as it is understood
  std::size_t lines_ = 0;
  bool rewrite_ = true;  // the file is not there, or not as it should be
  bool told_ = false;    // that the disk takes nothing
  io::Event recorded_;
};

// Makes room: what was delivered goes first, the oldest of it; then of the kind that there is most of, one
// that is neither its first nor its last, counted by the next of its kind; then, where all are first or last,
// the oldest. Pure.
void thin_events(std::vector<link::SiteEvent>& events, std::int64_t delivered, std::size_t events_max);

// A screen of text of events as in the file, newest last.
std::string events_as_text(const std::vector<link::SiteEvent>& events);

}  // namespace farholm::agent
