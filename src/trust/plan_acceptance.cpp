#include "trust/plan_acceptance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "trust/timestamp.h"

namespace farholm::trust {
namespace {

std::unexpected<Error> not_a_plan(std::string_view why) {
  return fail(ErrorCode::Invalid, fmt::format("the signed plan cannot be used: {}", why));
}

constexpr std::size_t kCriticalMax = 100;

}  // namespace

Result<VerifiedPlan> verify_plan_envelope(const Root& root, std::string_view envelope_text) {
  FARHOLM_TRY(auto envelope, parse_envelope(envelope_text));
  if (envelope.payload_type != kPlanPayloadType) {
    return fail(ErrorCode::BadRequest,
                fmt::format("the envelope does not hold a site plan ({})", kPlanPayloadType));
  }
  FARHOLM_CHECK(root.verify(RoleName::Plan, envelope));
  VerifiedPlan plan;
  FARHOLM_TRY(plan.value, json::parse(envelope.payload));
  const auto canonical = json::to_canonical_text(plan.value);
  if (!canonical || *canonical != envelope.payload)
    return not_a_plan("it is not in canonical JSON (RFC 8785)");
  if (json::string_or(plan.value, "kind") != "SitePlan") return not_a_plan("its kind must be SitePlan");

  const auto* site = json::find_object(plan.value, "site");
  const auto epoch = json::find_integer(plan.value, "epoch");
  const auto generation = json::find_integer(plan.value, "generation");
  plan.site_uid = site == nullptr ? "" : json::string_or(*site, "uid");
  if (plan.site_uid.empty()) return not_a_plan("it must name a site by uid");
  if (!epoch || *epoch < 0 || !generation || *generation < 0) {
    return not_a_plan("it must have an epoch and a generation");
  }
  plan.epoch = static_cast<std::uint64_t>(*epoch);
  plan.generation = static_cast<std::uint64_t>(*generation);
  if (const auto* expires = json::find(plan.value, "expires")) {
    if (!expires->is_string()) return not_a_plan("expires must be a time");
    FARHOLM_TRY(plan.expires, parse_timestamp(expires->get_ref<const std::string&>()));
  }
  if (const auto* critical = json::find(plan.value, "critical")) {
    if (!critical->is_array() || critical->size() > kCriticalMax)
      return not_a_plan("critical must be a short list");
    for (const auto& member : *critical) {
      if (!member.is_string()) return not_a_plan("critical must be a list of names");
      plan.critical.push_back(member.get<std::string>());
    }
  }
  plan.digest = crypto::Digest::of(envelope.payload);
  plan.payload = std::move(envelope.payload);
  return plan;
}

std::string_view to_string(PlanVerdict::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames{
      "Accepted", "AlreadyAccepted", "OtherSite", "Older", "Equivocation", "Expired", "UnknownCritical"};
  return kNames[static_cast<std::size_t>(kind)];
}

PlanVerdict judge_plan(const VerifiedPlan& plan, std::string_view site_uid,
                       const std::optional<AcceptedPlan>& last, std::optional<io::WallTime> now,
                       const std::vector<std::string>& known_critical) {
  using Kind = PlanVerdict::Kind;
  if (plan.site_uid != site_uid) {
    return {.kind = Kind::OtherSite,
            .message = fmt::format("the plan is for the site {}, and this is {}; nothing was changed",
                                   plan.site_uid, site_uid)};
  }
  const auto number = std::pair(plan.epoch, plan.generation);
  const auto shown = fmt::format("epoch {}, generation {}", plan.epoch, plan.generation);
  if (last) {
    const auto last_number = std::pair(last->epoch, last->generation);
    if (number == last_number && plan.digest == last->digest)
      return {.kind = Kind::AlreadyAccepted, .message = {}};
    if (number == last_number) {
      return {.kind = Kind::Equivocation,
              .message = fmt::format(
                  "two different plans claim to be {}: {} was accepted, {} is refused; find out who "
                  "else signs with the plan key",
                  shown, last->digest.to_string(), plan.digest.to_string())};
    }
    if (number < last_number) {
      return {.kind = Kind::Older,
              .message = fmt::format(
                  "the plan ({}) is older than the accepted one (epoch {}, generation {}); if the hub "
                  "was restored from a backup, run `farholm resume` there",
                  shown, last->epoch, last->generation)};
    }
  }
  if (plan.expires && !now) {
    return {
        .kind = Kind::Expired,
        .message = fmt::format(
            "the plan ({}) can be accepted until {}, and this host does not know what time it is: set its "
            "clock, or let it reach its hub",
            shown, io::to_rfc3339(*plan.expires))};
  }
  if (plan.expires && *now > *plan.expires) {
    return {.kind = Kind::Expired,
            .message = fmt::format(
                "the plan ({}) could be accepted until {}; it is {} here; ask the hub for a new one", shown,
                io::to_rfc3339(*plan.expires), io::to_rfc3339(*now))};
  }
  for (const auto& member : plan.critical) {
    if (std::ranges::find(known_critical, member) == known_critical.end()) {
      return {
          .kind = Kind::UnknownCritical,
          .message = fmt::format(
              "the plan ({}) needs \"{}\", which this agent does not know; update the agent", shown, member)};
    }
  }
  return {.kind = Kind::Accept, .message = {}};
}

Result<std::string> sign_plan(const json::Value& plan, const std::vector<crypto::PrivateKey>& signers) {
  FARHOLM_TRY(auto payload, json::to_canonical_text(plan));
  return to_text(sign_envelope(std::string(kPlanPayloadType), std::move(payload), signers));
}

}  // namespace farholm::trust
