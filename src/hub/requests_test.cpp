// What comes in from outside: ranges and registrations.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "hub/content_handler.h"
#include "hub/pairing_handler.h"
#include "io/sim/sim_world.h"

namespace farholm::hub {
namespace {

TEST(Range, OneRangeIsUnderstood) {
  const auto range = [](std::string_view text) { return parse_range(text, 10); };
  EXPECT_EQ(range("bytes=4-")->first, 4U);
  EXPECT_EQ(range("bytes=4-")->length, 6U);
  EXPECT_EQ(range("bytes=4-5")->length, 2U);
  EXPECT_EQ(range("bytes=4-99")->length, 6U);
  EXPECT_EQ(range("bytes=-3")->first, 7U);
  EXPECT_EQ(range("bytes=10-")->length, 0U) << "416";
  EXPECT_EQ(range("bytes=99999999999999999999-"), std::nullopt);
  EXPECT_EQ(range("bytes=5-4"), std::nullopt);
  EXPECT_EQ(range("bytes=0-1,3-4"), std::nullopt);
  EXPECT_EQ(range("lines=1-"), std::nullopt);
  EXPECT_EQ(range("bytes=-"), std::nullopt);
}

class RegistrationText : public testing::Test {
 protected:
  json::Value body() {
    auto& entropy = world_.add_machine("host").entropy();
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
    const std::string sealing(32, 's');
    return {{"version", 1},
            {"certificateRequest",
             *crypto::make_certificate_request({.common_name = "m", .organizations = {}}, {}, key)},
            {"sealingKey", to_base64(as_bytes(sealing))},
            {"sealingSignature", to_base64(key.sign(as_bytes(std::string(kSealingKeyContext) + sealing)))},
            {"machineID", "m"}};
  }
  io::sim::SimWorld world_{1};
};

TEST_F(RegistrationText, IsTakenWhenItsKeySignedIt) {
  const auto registration = parse_registration(json::to_text(body()), "192.0.2.1:1");
  ASSERT_TRUE(registration) << registration.error().to_string();
  EXPECT_EQ(registration->claims.machine_id, "m");
  EXPECT_EQ(registration->claims.key_digest, registration->key.digest().to_string());
}

TEST_F(RegistrationText, ASealingKeyThatTheHostDidNotCertifyIsRefused) {
  auto changed = body();
  changed["sealingKey"] = to_base64(as_bytes(std::string(32, 't')));
  EXPECT_FALSE(parse_registration(json::to_text(changed), ""));
}

TEST_F(RegistrationText, EveryMemberIsNeededAndHasItsType) {
  const auto whole = body();
  for (const auto& [name, value] : whole.items()) {
    auto without = whole;
    without.erase(name);
    EXPECT_FALSE(parse_registration(json::to_text(without), "")) << name;
    auto wrong = whole;
    wrong[name] = json::Value::array();
    EXPECT_FALSE(parse_registration(json::to_text(wrong), "")) << name;
  }
  EXPECT_FALSE(parse_registration("[]", ""));
  EXPECT_FALSE(parse_registration("{", ""));
}

}  // namespace
}  // namespace farholm::hub
