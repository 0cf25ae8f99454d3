#include "sim/ledger.h"

#include <fmt/format.h>

namespace farholm::sim {
namespace {
constexpr std::size_t kStoryLinesMax = 60;
static_assert(kFaults == static_cast<std::size_t>(Fault::ForgedPlan) + 1);
static_assert(kInvariants == static_cast<std::size_t>(Invariant::IdleWritesNothing) + 1);
}  // namespace

std::string Ledger::now() const {
  const auto passed = std::chrono::floor<std::chrono::seconds>(time_.monotonic().time_since_epoch());
  const auto day = std::chrono::floor<std::chrono::days>(passed);
  const std::chrono::hh_mm_ss clock(passed - day);
  return fmt::format("day {:>3} {:02}:{:02}:{:02}", day.count(), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

void Ledger::tell(const std::string& what) {
  auto line = fmt::format("{}  {}", now(), what);
  history_.note(line);
  if (broken_) return;
  if (story_.size() == kStoryLinesMax) story_.pop_front();
  story_.push_back(std::move(line));
}

void Ledger::injected(Fault fault, const std::string& where) {
  const auto index = static_cast<std::size_t>(fault);
  ++faults_[index];
  tell(fmt::format("{}: {}", where, kFaultNames[index]));
}

void Ledger::check(Invariant invariant, bool holds, const std::function<std::string()>& message) {
  const auto index = static_cast<std::size_t>(invariant);
  ++checks_[index];
  if (holds || broken_) return;
  auto sentence = fmt::format("not so: {}: {}", kInvariantNames[index], message());
  tell(sentence);
  broken_ = std::move(sentence);
}

}  // namespace farholm::sim
