#include "sim/attacker.h"

#include "agent/control_server.h"
#include "trust/plan_acceptance.h"

namespace farholm::sim {
namespace {

// The mean between two attacks, for each site that there is.
constexpr io::Duration kAttackPause = std::chrono::hours(24 * 6);

std::string sign(const profile::SitePlan& plan, const crypto::PrivateKey& key) {
  const auto payload = json::parse(profile::to_payload(plan));
  FARHOLM_ASSERT(payload);
  const auto envelope = trust::sign_plan(*payload, {key});
  FARHOLM_ASSERT(envelope);
  return *envelope;
}

}  // namespace

io::Task<void> Attacker::live() {
  while (true) {
    co_await loop_.sleep(dice_.about(kAttackPause / static_cast<std::int64_t>(sites_.size())));
    auto& site = *dice_.one_of(sites_);
    const auto& other = *dice_.one_of(sites_);
    const auto& first = site.first_plan();
    const auto& last = site.last_plan();
    if (!first || !last || !site.machine().files().powered()) continue;
    auto forged = last->plan;
    switch (dice_.below(4)) {
      case 0:
        if (first->digest != last->digest) co_await offer(site, Fault::OldPlan, first->text);
        break;
      case 1:
        if (hub_.hub() == nullptr) break;
        forged.variables["number"] = "666";
        co_await offer(site, Fault::Equivocation, sign(forged, hub_.hub()->authority().plan_key()));
        break;
      case 2:
        if (other.last_plan() && &other != &site)
          co_await offer(site, Fault::ForeignPlan, other.last_plan()->text);
        break;
      default: {
        io::sim::SimEntropy entropy(dice_.below(1 << 20));
        ++forged.generation;
        co_await offer(site, Fault::ForgedPlan,
                       sign(forged, crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy)));
      }
    }
  }
}

io::Task<void> Attacker::offer(Site& site, Fault attack, std::string envelope) {
  ledger_.injected(attack, site.name());
  const auto said =
      co_await agent::offer_to_agent(site.machine().world(), site.state().socket(), std::move(envelope));
  ledger_.tell(site.name() + ": the attacker hears: " + (said ? *said : said.error().message));
}

}  // namespace farholm::sim
