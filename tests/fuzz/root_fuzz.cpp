// A root.json as it is, and the same text as the "signed" part of one that a known key has signed: what
// parses keeps TUF's rules and reads back the same.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "json/json.h"
#include "trust/key_id.h"
#include "trust/root.h"

namespace {

using namespace farholm;

class Zeros final : public io::Entropy {
 public:
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{0}); }
};

void check(std::string_view text) {
  const auto root = trust::Root::parse(text);
  if (!root) return;
  FARHOLM_ASSERT(root->version() >= 1);
  for (const auto name : trust::kRoleNames) {
    const auto& role = root->role(name);
    FARHOLM_ASSERT(role.threshold >= 1 && role.threshold <= role.key_ids.size());
  }
  const auto again = trust::Root::parse(root->text());
  FARHOLM_ASSERT(again && again->digest() == root->digest());
  FARHOLM_ASSERT(!trust::next_root(*root, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto key = [] {
    Zeros zeros;
    return crypto::PrivateKey::generate(crypto::KeyType::Ed25519, zeros);
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  if (const auto body = json::parse(text, {.depth_max = 10})) {
    const json::Value unsigned_root = {{"signed", *body}, {"signatures", json::Value::array()}};
    if (const auto signed_root = trust::add_root_signature(json::to_text(unsigned_root), key))
      check(*signed_root);
  }
  return 0;
}
