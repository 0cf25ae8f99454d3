// News: what sites wrote down that happened, and what of it came to the hub: each once, in order, and nothing
// that the site was told of as taken is missing there. One thread.
#pragma once

#include <map>
#include <string>

#include "json/json.h"
#include "sim/ledger.h"

namespace farholm::sim {

class News {
 public:
  // Outlives it.
  explicit News(Ledger& ledger) : ledger_(ledger) {}

  // An Event that the hub keeps, as often as it is seen; in the order in which they were made.
  void at_hub(const json::Value& event, std::int64_t created_revision);
  // What lies in a site's file, as text; a part that cannot be read is not judged.
  void at_site(const std::string& site, const std::string& text);
  // A file that was spoilt: what it told may never arrive.
  void spoilt(const std::string& site) { written_.erase(site); }
  // Whether all that was seen at the site came to the hub.
  bool arrived(const std::string& site) const;

 private:
  bool is_told(const std::string& journal, std::int64_t sequence, const std::string& what) const;

  Ledger& ledger_;
  struct Told {
    std::int64_t revision = 0;  // of the store
    std::string what;           // reason and message
  };
  // By sequence, by journal.
  std::map<std::string, std::map<std::int64_t, Told>> told_;
  // What happened by sequence, by journal, by site.
  std::map<std::string, std::map<std::string, std::map<std::int64_t, std::string>>> written_;
};

}  // namespace farholm::sim
