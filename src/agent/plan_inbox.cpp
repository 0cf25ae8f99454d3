#include "agent/plan_inbox.h"

#include <fmt/format.h>

namespace farholm::agent {

Result<void> PlanInbox::load() {
  FARHOLM_TRY(const auto text, io::read_file_if_exists(files_, path_, trust::Envelope::kBytesMax));
  if (!text) return {};
  auto outcome = read(*text);
  if (outcome) return {};
  const std::string aside = path_ + ".corrupt";
  log_.error(
      "the accepted plan {} cannot be read ({}): it is kept as {}; what runs goes on, and a plan has to be "
      "sent again",
      path_, outcome.error().to_string(), aside);
  return files_.rename(path_, aside);
}

Result<void> PlanInbox::read(const std::string& text) {
  // The signature was right when it was accepted, and an accepted plan is good forever: the root may have
  // changed since, so it is not asked again.
  FARHOLM_TRY(const auto envelope, trust::parse_envelope(text));
  FARHOLM_TRY(auto plan, profile::parse_plan(envelope.payload));
  digest_ = crypto::Digest::of(envelope.payload).to_string();
  plan_ = std::move(plan);
  return {};
}

Result<Acceptance> PlanInbox::offer(std::string_view envelope) {
  FARHOLM_TRY(const auto verified, trust::verify_plan_envelope(root_, envelope));
  std::optional<trust::AcceptedPlan> last;
  if (plan_) {
    FARHOLM_TRY(const auto digest, crypto::Digest::parse(digest_));
    last = {.epoch = static_cast<std::uint64_t>(plan_->epoch),
            .generation = static_cast<std::uint64_t>(plan_->generation),
            .digest = digest};
  }
  Acceptance acceptance{.verdict = {}, .plan = {}, .digest = verified.digest.to_string()};
  // The first plan says which site this is.
  acceptance.verdict =
      trust::judge_plan(verified, plan_ ? plan_->site_uid : verified.site_uid, last, clock_.now());
  if (acceptance.verdict.refused()) return acceptance;
  FARHOLM_TRY(auto plan, profile::parse_plan(verified.payload));
  if (acceptance.verdict.kind == trust::PlanVerdict::Kind::Accept) {
    FARHOLM_CHECK(io::write_file_atomically(files_, path_, envelope));
    log_.info("accepted plan ({}, {}) of {}/{}: {} layers", plan.epoch, plan.generation, plan.site_namespace,
              plan.site_name, plan.layers.size());
    plan_ = plan;
    digest_ = acceptance.digest;
  }
  acceptance.plan = std::move(plan);
  return acceptance;
}

}  // namespace farholm::agent
