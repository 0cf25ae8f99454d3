#include "sim/news.h"

#include <fmt/format.h>

#include <iterator>

#include "crypto/digest.h"

namespace farholm::sim {
namespace {
// "<host>/<journal>/<sequence>"
constexpr const char* kId = "farholm.dev/event";
// Before each line of a site's file: sixteen characters of the digest of what follows, and a space.
constexpr std::size_t kSealBytes = 17;

std::string what_of(const std::string& reason, const std::string& layer, const std::string& message) {
  return reason + ": " + (layer.empty() ? "" : "layer " + layer + ": ") + message;
}
}  // namespace

void News::at_hub(const json::Value& event, std::int64_t created_revision) {
  const auto* annotations = json::find_path(event, {"metadata", "annotations"});
  const auto id = annotations == nullptr ? std::string() : json::string_or(*annotations, kId);
  const auto last = id.rfind('/');
  const auto first = id.find('/');
  if (last == std::string::npos || first == last) return;
  auto& told = told_[id.substr(first + 1, last - first - 1)];
  const auto sequence = std::stoll(id.substr(last + 1));
  const auto [known, fresh] = told.try_emplace(
      sequence, Told{created_revision,
                     what_of(json::string_or(event, "reason"), "", json::string_or(event, "message"))});
  ledger_.check(Invariant::EventsComeOnce, known->second.revision == created_revision,
                [&] { return fmt::format("{} was told twice", id); });
  ledger_.check(Invariant::EventsComeOnce, !fresh || std::next(known) == told.end(),
                [&] { return fmt::format("{} came after a later one", id); });
}

void News::at_site(const std::string& site, const std::string& text) {
  std::int64_t delivered = 0;
  std::string journal;
  std::string_view rest = text;
  auto& journals = written_[site];
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.size() <= kSealBytes) continue;
    const auto document = line.substr(kSealBytes);
    if (!crypto::Digest::of(document).hex().starts_with(line.substr(0, kSealBytes - 1))) continue;
    const auto value = json::parse(document);
    if (!value) continue;
    if (auto name = json::string_or(*value, "journal"); !name.empty()) journal = std::move(name);
    if (const auto through = json::find_integer(*value, "delivered"))
      delivered = std::max(delivered, *through);
    else if (const auto sequence = json::find_integer(*value, "sequence"))
      journals[journal][*sequence] =
          what_of(json::string_or(*value, "reason"), json::string_or(*value, "layer"),
                  json::string_or(*value, "message"));
  }
  for (const auto& [sequence, what] : journals[journal]) {
    if (sequence > delivered) break;
    ledger_.check(Invariant::EventsComeOnce, is_told(journal, sequence, what), [&, number = sequence] {
      return fmt::format("{}: event {} of {} never came to the hub, which took it", site, number, journal);
    });
  }
}

bool News::is_told(const std::string& journal, std::int64_t sequence, const std::string& what) const {
  const auto told = told_.find(journal);
  if (told == told_.end()) return false;
  const auto event = told->second.find(sequence);
  return event != told->second.end() && event->second.what == what;
}

bool News::arrived(const std::string& site) const {
  const auto journals = written_.find(site);
  if (journals == written_.end()) return true;
  for (const auto& [journal, events] : journals->second)
    for (const auto& [sequence, what] : events)
      if (!is_told(journal, sequence, what)) return false;
  return true;
}

}  // namespace farholm::sim
