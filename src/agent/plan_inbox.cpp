#include "agent/plan_inbox.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "crypto/checked_file.h"

namespace farholm::agent {

namespace {

Result<KnownPlan> read_plan(const std::string& text) {
  // The signature was right when it was accepted, and an accepted plan is good forever: the root may have
  // changed since, so it is not asked again.
  FARHOLM_TRY(const auto envelope, trust::parse_envelope(text));
  FARHOLM_TRY(auto plan, profile::parse_plan(envelope.payload));
  return KnownPlan{.plan = std::move(plan), .digest = crypto::Digest::of(envelope.payload).to_string()};
}

}  // namespace

Result<void> PlanInbox::load() {
  FARHOLM_TRY(accepted_, load_from(path_, "accepted plan"));
  FARHOLM_TRY(good_, load_from(good_path_, "last good plan"));
  return {};
}

Result<std::optional<KnownPlan>> PlanInbox::load_from(const std::string& path, std::string_view what) {
  const auto text = crypto::read_checked_file(files_, path, trust::Envelope::kBytesMax);
  if (text && !*text) return std::nullopt;
  if (!text && text.error().code != ErrorCode::Invalid) return std::unexpected(text.error());
  auto plan = text ? read_plan(**text) : std::unexpected(text.error());
  if (plan) return std::optional(std::move(*plan));
  const std::string aside = path + ".corrupt";
  log_.error(
      "the {} {} cannot be read ({}): it is kept as {}; what runs goes on, and a plan has to be "
      "sent again",
      what, path, plan.error().to_string(), aside);
  FARHOLM_CHECK(files_.rename(path, aside));
  return std::nullopt;
}

Result<void> PlanInbox::keep_as_good() {
  FARHOLM_ASSERT(accepted_);
  FARHOLM_TRY(const auto envelope, crypto::read_checked_file(files_, path_, trust::Envelope::kBytesMax));
  if (!envelope) return fail(ErrorCode::NotFound, path_ + " is gone");
  FARHOLM_CHECK(crypto::write_checked_file(files_, good_path_, *envelope));
  good_ = accepted_;
  return {};
}

std::optional<AcceptedNumber> PlanInbox::newest() const {
  if (accepted_) return number_of(*accepted_);
  // Its file was lost.
  auto known = remembered_;
  if (good_) {
    auto good = number_of(*good_);
    if (!known || std::pair(known->epoch, known->generation) < std::pair(good.epoch, good.generation))
      known = std::move(good);
  }
  return known;
}

Result<Acceptance> PlanInbox::offer(std::string_view envelope) {
  FARHOLM_TRY(const auto verified, trust::verify_plan_envelope(root_, envelope));
  std::optional<trust::AcceptedPlan> last;
  const auto known = newest();
  if (known) {
    FARHOLM_TRY(const auto digest, crypto::Digest::parse(known->digest));
    last = {.epoch = static_cast<std::uint64_t>(known->epoch),
            .generation = static_cast<std::uint64_t>(known->generation),
            .digest = digest};
  }
  Acceptance acceptance{.verdict = {}, .plan = {}, .digest = verified.digest.to_string()};
  // The first plan says which site this is.
  acceptance.verdict =
      trust::judge_plan(verified, known ? known->site_uid : verified.site_uid, last,
                        clock_.is_known() ? std::optional(clock_.now()) : std::nullopt,
                        {std::begin(profile::kKnownCritical), std::end(profile::kKnownCritical)});
  if (acceptance.verdict.refused()) return acceptance;
  // It has to be kept again.
  if (!accepted_) acceptance.verdict.kind = trust::PlanVerdict::Kind::Accept;
  FARHOLM_TRY(auto plan, profile::parse_plan(verified.payload));
  if (acceptance.verdict.kind == trust::PlanVerdict::Kind::Accept) {
    FARHOLM_CHECK(crypto::write_checked_file(files_, path_, envelope));
    log_.info("accepted plan ({}, {}) of {}/{}: {} layers", plan.epoch, plan.generation, plan.site_namespace,
              plan.site_name, plan.layers.size());
    accepted_ = KnownPlan{.plan = plan, .digest = acceptance.digest};
  }
  acceptance.plan = std::move(plan);
  return acceptance;
}

}  // namespace farholm::agent
