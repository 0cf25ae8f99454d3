// How steps went, and when to try again: exponential pauses with full jitter, so that a thousand sites that
// failed together do not retry together. Pure: the entropy comes in as a value. Any thread.
#pragma once

#include "engine/model.h"

namespace farholm::engine {

inline constexpr io::Duration kRetryFirst = std::chrono::seconds(2);
inline constexpr io::Duration kRetryMost = std::chrono::minutes(5);
// Of a layer: what fails there is at the site, troubles nobody else, and is put right by somebody who waits.
inline constexpr io::Duration kLayerRetryMost = std::chrono::minutes(1);
// Even the luckiest draw waits so long: a failing step must not spin.
inline constexpr io::Duration kRetryLeast = std::chrono::milliseconds(500);
// A layer that stayed right for so long starts counting its repairs anew.
inline constexpr io::Duration kRepairCalm = std::chrono::minutes(10);
// So many repairs without it are a fight with somebody.
inline constexpr std::uint32_t kContestedRepairs = 5;

// Evenly in [kRetryLeast, min(most, kRetryFirst * 2^(failures-1))]; `entropy` is any 64 random bits.
io::Duration retry_pause(std::uint32_t failures, std::uint64_t entropy, io::Duration most = kRetryMost);

// `fingerprint` is the desired one, empty for a removal.
void record_failure(Memory& memory, const std::string& layer, const std::string& fingerprint,
                    std::string message, io::MonotonicTime now, std::uint64_t entropy);
// After apply returned; `drift`: what was put right, a sentence. A repair that follows another soon is spaced
// like a failure: two who fight over an object must not do it at full speed.
void record_applied(Memory& memory, const std::string& layer, const std::string& fingerprint, bool was_repair,
                    io::MonotonicTime now, std::uint64_t entropy, std::string drift = {});
// Whether somebody else undoes it: it was put right again and again, without a calm time since.
bool is_contested(const Attempts& attempts, io::MonotonicTime now);
// What the layer stands on has come back (its engine, its API): a step that failed without it is due at once.
void record_recovery(Memory& memory, const std::string& layer, io::MonotonicTime now);
void record_removed(Memory& memory, const std::string& layer);

void record_fetch_failure(Memory& memory, std::string message, io::MonotonicTime now, std::uint64_t entropy);
void record_fetched(Memory& memory);

}  // namespace farholm::engine
