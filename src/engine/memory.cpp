#include "engine/memory.h"

#include <algorithm>

namespace farholm::engine {

namespace {

// The entry for a layer; a new fingerprint starts afresh.
Attempts& attempts_for(Memory& memory, const std::string& layer, const std::string& fingerprint) {
  Attempts& attempts = memory.layers[layer];
  if (attempts.fingerprint != fingerprint) attempts = {.fingerprint = fingerprint};
  return attempts;
}

void fail(Attempts& attempts, std::string message, io::MonotonicTime now, std::uint64_t entropy,
          io::Duration most) {
  ++attempts.failures;
  attempts.last_at = now;
  attempts.retry_at = now + retry_pause(attempts.failures, entropy, most);
  attempts.message = std::move(message);
}

}  // namespace

io::Duration retry_pause(std::uint32_t failures, std::uint64_t entropy, io::Duration most) {
  if (failures == 0) return io::Duration::zero();
  // 2^20 seconds are beyond kRetryMost already.
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - 1, 20);
  const io::Duration longest = std::min(most, kRetryFirst * (std::int64_t{1} << doublings));
  const auto span = static_cast<std::uint64_t>((longest - kRetryLeast).count()) + 1;
  return kRetryLeast + io::Duration(static_cast<io::Duration::rep>(entropy % span));
}

void record_failure(Memory& memory, const std::string& layer, const std::string& fingerprint,
                    std::string message, io::MonotonicTime now, std::uint64_t entropy) {
  fail(attempts_for(memory, layer, fingerprint), std::move(message), now, entropy, kLayerRetryMost);
}

void record_applied(Memory& memory, const std::string& layer, const std::string& fingerprint, bool was_repair,
                    io::MonotonicTime now, std::uint64_t entropy, std::string drift) {
  Attempts& attempts = attempts_for(memory, layer, fingerprint);
  // The same change once more is a repair too: what was applied did not stay.
  const bool again = was_repair || attempts.applied;
  const bool calm = attempts.repairs == 0 || now - attempts.last_at >= kRepairCalm;
  attempts.repairs = again ? (calm ? 1 : attempts.repairs + 1) : 0;
  attempts.applied = true;
  attempts.failures = 0;
  attempts.message.clear();
  attempts.last_at = now;
  attempts.retry_at = now + retry_pause(attempts.repairs, entropy);
  attempts.drift = std::move(drift);
}

bool is_contested(const Attempts& attempts, io::MonotonicTime now) {
  return attempts.repairs >= kContestedRepairs && now - attempts.last_at < kRepairCalm;
}

void record_recovery(Memory& memory, const std::string& layer, io::MonotonicTime now) {
  const auto found = memory.layers.find(layer);
  if (found == memory.layers.end() || found->second.failures == 0) return;
  found->second.failures = 0;
  found->second.retry_at = now;
}

void record_removed(Memory& memory, const std::string& layer) {
  memory.layers.erase(layer);
}

void record_fetch_failure(Memory& memory, std::string message, io::MonotonicTime now, std::uint64_t entropy) {
  fail(memory.content, std::move(message), now, entropy, kRetryMost);
}

void record_fetched(Memory& memory) {
  memory.content = {};
}

}  // namespace farholm::engine
