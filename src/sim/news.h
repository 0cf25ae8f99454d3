// News: what sites wrote down that happened, and what of it came to the hub: each once, in order, and nothing
// that the site was told of as taken is missing there. One thread.
#pragma once

#include <map>
#include <set>
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
  Ledger& ledger_;
  // Revision of the store by sequence, by journal.
  std::map<std::string, std::map<std::int64_t, std::int64_t>> told_;
  // Sequences by journal, by site.
  std::map<std::string, std::map<std::string, std::set<std::int64_t>>> written_;
};

}  // namespace farholm::sim
