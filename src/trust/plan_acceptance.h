// Which plan a site accepts (docs/formats/plan.md): the right signature, this site, newer than any accepted.
// Pure; any thread. Whoever acts on an acceptance records it durably first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "io/clock.h"
#include "json/json.h"
#include "trust/root.h"

namespace farholm::trust {

inline constexpr std::string_view kPlanPayloadType = "application/vnd.farholm.site-plan.v1+json";

// A plan whose signature is right. Only verify_plan_envelope makes sense of bytes from outside.
struct VerifiedPlan {
  std::string site_uid;
  std::uint64_t epoch = 0;
  std::uint64_t generation = 0;
  std::optional<io::WallTime> expires;
  std::vector<std::string> critical;  // members that a reader must know
  crypto::Digest digest;              // of the payload: tells equivocation
  std::string payload;                // canonical JSON
  json::Value value;                  // the same, parsed
};

// Forbidden without the signature of the plan role; BadRequest or Invalid for what is no plan in canonical
// JSON.
Result<VerifiedPlan> verify_plan_envelope(const Root& root, std::string_view envelope);

// The last plan that a site accepted.
struct AcceptedPlan {
  std::uint64_t epoch = 0;
  std::uint64_t generation = 0;
  crypto::Digest digest;
  bool operator==(const AcceptedPlan&) const = default;
};

struct PlanVerdict {
  enum class Kind : std::uint8_t {
    Accept,
    AlreadyAccepted,  // nothing to do
    OtherSite,
    Older,
    Equivocation,  // the same number with other content: the hub, or who has its key, is lying
    Expired,
    UnknownCritical,  // it needs a newer agent
  };
  Kind kind = Kind::Accept;
  std::string message;  // one sentence for a condition or a log; "" for Accept and AlreadyAccepted

  bool refused() const { return kind != Kind::Accept && kind != Kind::AlreadyAccepted; }
};
std::string_view to_string(PlanVerdict::Kind kind);  // "OtherSite": a condition's reason

// `now`: the site's time (site_clock.h); nothing where it is not known, and then a plan that expires is
// refused. `known_critical`: members that this reader knows beyond version 1.
PlanVerdict judge_plan(const VerifiedPlan& plan, std::string_view site_uid,
                       const std::optional<AcceptedPlan>& last, std::optional<io::WallTime> now,
                       const std::vector<std::string>& known_critical = {});

// For the signer: the envelope of a plan. Invalid when the plan has no canonical form.
Result<std::string> sign_plan(const json::Value& plan, const std::vector<crypto::PrivateKey>& signers);

}  // namespace farholm::trust
