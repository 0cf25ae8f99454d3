// A payload that the right key has signed: only canonical plans verify, and each is judged the same way
// twice.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "json/json.h"
#include "trust/plan_acceptance.h"
#include "trust/root.h"

namespace {

using namespace farholm;

class Zeros final : public io::Entropy {
 public:
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{0}); }
};

struct Signer {
  crypto::PrivateKey key;
  trust::Root root;
};

Signer make_signer() {
  Zeros zeros;
  auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, zeros);
  trust::RootSpec spec;
  for (auto& role : spec.roles) role.keys = {key.public_key()};
  auto root = trust::Root::parse(*trust::make_root(spec, {key}));
  return {.key = std::move(key), .root = std::move(*root)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Signer signer = make_signer();
  const std::string payload(reinterpret_cast<const char*>(data), size);
  const auto envelope =
      trust::to_text(trust::sign_envelope(std::string(trust::kPlanPayloadType), payload, {signer.key}));
  const auto plan = trust::verify_plan_envelope(signer.root, envelope);
  if (!plan) return 0;
  FARHOLM_ASSERT(plan->payload == payload && *json::to_canonical_text(plan->value) == payload);
  const auto verdict = trust::judge_plan(*plan, plan->site_uid, {}, io::WallTime());
  FARHOLM_ASSERT(verdict.refused() == !plan->critical.empty());
  const trust::AcceptedPlan last{
      .epoch = plan->epoch, .generation = plan->generation, .digest = plan->digest};
  FARHOLM_ASSERT(trust::judge_plan(*plan, plan->site_uid, last, io::WallTime::max()).kind ==
                 trust::PlanVerdict::Kind::AlreadyAccepted);
  FARHOLM_ASSERT(trust::judge_plan(*plan, plan->site_uid + "x", last, io::WallTime()).refused());
  return 0;
}
