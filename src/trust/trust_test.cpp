#include <gtest/gtest.h>

#include "crypto/test_entropy.h"
#include "json/json.h"
#include "trust/key_id.h"
#include "trust/plan_acceptance.h"
#include "trust/registration_token.h"
#include "trust/root.h"
#include "trust/sealed_value.h"
#include "trust/timestamp.h"

namespace farholm::trust {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

const io::WallTime kNow = *parse_timestamp("2026-06-01T00:00:00Z");

class Trust : public testing::Test {
 protected:
  PrivateKey make_key(KeyType type = KeyType::Ed25519) { return PrivateKey::generate(type, entropy); }
  RootSpec spec(std::uint64_t version = 1) {
    RootSpec spec{.version = version, .expires = kNow + std::chrono::days(365), .roles = {}};
    for (auto& role : spec.roles) role.keys = {other.public_key()};
    spec.role(RoleName::Root) = {.keys = {root_a.public_key(), root_b.public_key()}, .threshold = 2};
    spec.role(RoleName::Plan).keys = {plan_key.public_key()};
    spec.role(RoleName::Publisher).keys = {publisher.public_key()};
    return spec;
  }
  Root make(const RootSpec& from, const std::vector<PrivateKey>& signers) {
    const auto text = make_root(from, signers);
    EXPECT_TRUE(text);
    auto root = Root::parse(*text);
    EXPECT_TRUE(root) << root.error().to_string();
    return std::move(*root);
  }
  json::Value plan(std::string site = "uid-1", int epoch = 1, int generation = 3) {
    return {{"kind", "SitePlan"}, {"site", {{"uid", site}}}, {"epoch", epoch}, {"generation", generation}};
  }
  VerifiedPlan verified(const json::Value& value) {
    auto result = verify_plan_envelope(make(spec(), {root_a, root_b}), *sign_plan(value, {plan_key}));
    EXPECT_TRUE(result) << result.error().to_string();
    return std::move(*result);
  }

  crypto::TestEntropy entropy;
  PrivateKey root_a = make_key();
  PrivateKey root_b = make_key(KeyType::P256);
  PrivateKey plan_key = make_key();
  PrivateKey publisher = make_key();
  PrivateKey other = make_key();
};

TEST_F(Trust, DsseSignsWhatItsSpecificationSays) {
  // secure-systems-lab/dsse, protocol.md, test vectors.
  EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST_F(Trust, AnEnvelopeComesBackAsItWent) {
  const auto envelope = sign_envelope("text/plain", std::string("a\0b", 3), {plan_key, root_b});
  const auto back = parse_envelope(to_text(envelope));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->payload, std::string("a\0b", 3));
  EXPECT_EQ(back->payload_type, "text/plain");
  ASSERT_EQ(back->signatures.size(), 2U);
  EXPECT_EQ(back->signatures[1].key_id, key_id(root_b.public_key()));
  for (const char* text : {"", "{}", R"({"payloadType":"a","payload":"!","signatures":[]})",
                           R"({"payloadType":"a","payload":"","signatures":[1]})",
                           R"({"payloadType":"a","payload":"","signatures":{}})"}) {
    EXPECT_EQ(parse_envelope(text).error().code, ErrorCode::BadRequest) << text;
  }
}

TEST_F(Trust, ThresholdsCountDifferentKeysOfTheRole) {
  const auto root = make(spec(), {root_a, root_b});
  const auto verify = [&](const std::vector<PrivateKey>& signers) {
    return root.verify(RoleName::Root, sign_envelope("t", "p", signers)).has_value();
  };
  EXPECT_TRUE(verify({root_a, root_b}));
  EXPECT_TRUE(verify({other, root_b, root_a}));
  EXPECT_FALSE(verify({root_a}));
  EXPECT_FALSE(verify({root_a, root_a}));
  EXPECT_FALSE(verify({root_a, other}));
  EXPECT_FALSE(verify({}));
  auto envelope = sign_envelope("t", "p", {root_a, root_b});
  envelope.payload_type = "u";
  EXPECT_FALSE(root.verify(RoleName::Root, envelope)) << "the type is signed too";
  EXPECT_FALSE(root.verify(RoleName::Publisher, sign_envelope("t", "p", {plan_key})));
}

TEST_F(Trust, ARootIsReadWithItsRoles) {
  const auto root = make(spec(), {root_a, root_b});
  EXPECT_EQ(root.version(), 1U);
  EXPECT_FALSE(root.expired(kNow));
  EXPECT_TRUE(root.expired(kNow + std::chrono::days(366)));
  EXPECT_EQ(root.role(RoleName::Root).threshold, 2U);
  EXPECT_TRUE(root.role(RoleName::Plan).key_ids.contains(key_id(plan_key.public_key())));
  EXPECT_EQ(root.keys().size(), 5U);
  EXPECT_EQ(Root::parse(root.text())->digest(), root.digest());
}

TEST_F(Trust, ARootThatItsOwnRolesDidNotSignIsRefused) {
  EXPECT_EQ(Root::parse(*make_root(spec(), {root_a})).error().code, ErrorCode::Forbidden);
  auto value = *json::parse(*make_root(spec(), {root_a, root_b}));
  value["signed"]["version"] = 2;
  EXPECT_EQ(Root::parse(json::to_text(value)).error().code, ErrorCode::Forbidden);
  const auto completed = add_root_signature(*make_root(spec(), {root_a}), root_b);
  EXPECT_TRUE(Root::parse(*completed));
}

TEST_F(Trust, ARootThatIsMalformedIsRefused) {
  const auto good = *json::parse(*make_root(spec(), {root_a, root_b}));
  const std::pair<const char*, json::Value> changes[] = {
      {"/signed/_type", "targets"},
      {"/signed/spec_version", "2.0"},
      {"/signed/version", 0},
      {"/signed/version", "1"},
      {"/signed/expires", "tomorrow"},
      {"/signed/expires", "2027-02-30T00:00:00Z"},
      {"/signed/roles/plan/threshold", 0},
      {"/signed/roles/plan/threshold", 2},
      {"/signed/roles/plan/keyids", json::Value::array({"0000"})},
      {"/signed/roles/access", nullptr},
      {"/signed/keys", json::Value::object()},
      {"/signed/keys", json::Value::array()},
      {"/signatures", json::Value::object()},
      {"/signatures/0/sig", "xx"},
      {"/signed", 1},
  };
  for (const auto& [path, wrong] : changes) {
    auto value = good;
    value[json::Value::json_pointer(path)] = wrong;
    const auto result = Root::parse(json::to_text(value));
    ASSERT_FALSE(result) << path;
    EXPECT_NE(result.error().code, ErrorCode::Forbidden) << path << " " << result.error().to_string();
  }
  auto renamed = good;
  auto& keys = renamed["signed"]["keys"];
  keys[std::string(64, '0')] = keys.begin().value();
  EXPECT_EQ(Root::parse(json::to_text(renamed)).error().code, ErrorCode::Invalid);
  EXPECT_FALSE(Root::parse(""));
}

TEST_F(Trust, ThresholdsThatCannotBeMetAreNotMade) {
  auto impossible = spec();
  impossible.role(RoleName::Plan).threshold = 2;
  EXPECT_EQ(make_root(impossible, {root_a, root_b}).error().code, ErrorCode::Invalid);
  impossible.role(RoleName::Plan).keys = {plan_key.public_key(), plan_key.public_key()};
  EXPECT_FALSE(make_root(impossible, {root_a, root_b})) << "one key twice is one key";
}

TEST_F(Trust, ARootIsFollowedOverEachStep) {
  const auto first = make(spec(1), {root_a, root_b});
  const auto root_c = make_key();
  auto second_spec = spec(2);
  second_spec.role(RoleName::Root) = {.keys = {root_c.public_key()}, .threshold = 1};
  const auto second = *make_root(second_spec, {root_a, root_b, root_c});
  auto third_spec = second_spec;
  third_spec.version = 3;
  const auto third = *make_root(third_spec, {root_c});

  const auto last = follow_roots(first, {first.text(), second, third});
  ASSERT_TRUE(last) << last.error().to_string();
  EXPECT_EQ(last->version(), 3U);
  EXPECT_EQ(next_root(first, third).error().code, ErrorCode::Invalid) << "no step may be left out";
  EXPECT_EQ(next_root(first, first.text()).error().code, ErrorCode::Invalid);
  EXPECT_EQ(next_root(first, *make_root(second_spec, {root_c})).error().code, ErrorCode::Forbidden)
      << "the old root role must sign";
  EXPECT_EQ(next_root(first, *make_root(second_spec, {root_a, root_c})).error().code, ErrorCode::Forbidden);
  EXPECT_EQ(next_root(first, *make_root(second_spec, {root_a, root_b})).error().code, ErrorCode::Forbidden)
      << "the new root role must sign";
}

TEST_F(Trust, APlanNeedsTheSignatureOfThePlanRole) {
  const auto root = make(spec(), {root_a, root_b});
  const auto good = verify_plan_envelope(root, *sign_plan(plan(), {plan_key}));
  ASSERT_TRUE(good) << good.error().to_string();
  EXPECT_EQ(good->site_uid, "uid-1");
  EXPECT_EQ(good->generation, 3U);
  EXPECT_EQ(good->digest, crypto::Digest::of(*json::to_canonical_text(plan())));
  EXPECT_EQ(verify_plan_envelope(root, *sign_plan(plan(), {publisher})).error().code, ErrorCode::Forbidden);
  EXPECT_EQ(
      verify_plan_envelope(root, to_text(sign_envelope("text/plain", json::to_text(plan()), {plan_key})))
          .error()
          .code,
      ErrorCode::BadRequest);
}

TEST_F(Trust, ASignedPlanMustBeAPlanInCanonicalJson) {
  const auto root = make(spec(), {root_a, root_b});
  for (const char* payload :
       {"", "{}", "{ }", R"({"kind":"SitePlan","epoch":1,"generation":1,"site":{"uid":"x"}})",
        R"({"epoch":1,"generation":1,"kind":"Other","site":{"uid":"x"}})",
        R"({"epoch":-1,"generation":1,"kind":"SitePlan","site":{"uid":"x"}})",
        R"({"epoch":1,"generation":1,"kind":"SitePlan","site":{}})",
        R"({"epoch":1,"expires":5,"generation":1,"kind":"SitePlan","site":{"uid":"x"}})",
        R"({"critical":"x","epoch":1,"generation":1,"kind":"SitePlan","site":{"uid":"x"}})"}) {
    EXPECT_FALSE(verify_plan_envelope(
        root, to_text(sign_envelope(std::string(kPlanPayloadType), payload, {plan_key}))))
        << payload;
  }
}

TEST_F(Trust, APlanIsAcceptedOnlyIfItIsNewerAndForThisSite) {
  using Kind = PlanVerdict::Kind;
  const auto accepted = verified(plan("uid-1", 2, 5));
  const AcceptedPlan last{.epoch = 2, .generation = 5, .digest = accepted.digest};
  const auto kind = [&](const json::Value& value, std::optional<AcceptedPlan> than) {
    const auto verdict = judge_plan(verified(value), "uid-1", than, kNow);
    EXPECT_EQ(verdict.message.empty(), !verdict.refused());
    return verdict.kind;
  };
  EXPECT_EQ(kind(plan("uid-1", 1, 1), std::nullopt), Kind::Accept);
  EXPECT_EQ(kind(plan("uid-2", 1, 1), std::nullopt), Kind::OtherSite);
  EXPECT_EQ(kind(plan("uid-1", 2, 5), last), Kind::AlreadyAccepted);
  EXPECT_EQ(kind(plan("uid-1", 2, 6), last), Kind::Accept);
  EXPECT_EQ(kind(plan("uid-1", 3, 0), last), Kind::Accept) << "an epoch weighs more than a generation";
  EXPECT_EQ(kind(plan("uid-1", 2, 4), last), Kind::Older);
  EXPECT_EQ(kind(plan("uid-1", 1, 99), last), Kind::Older);
  auto lie = plan("uid-1", 2, 5);
  lie["profile"] = "another";
  EXPECT_EQ(kind(lie, last), Kind::Equivocation);
}

TEST_F(Trust, ExpiryLimitsOnlyAcceptance) {
  using Kind = PlanVerdict::Kind;
  auto expiring = plan();
  expiring["expires"] = "2026-06-01T00:00:00Z";
  const auto signed_plan = verified(expiring);
  EXPECT_EQ(judge_plan(signed_plan, "uid-1", {}, kNow).kind, Kind::Accept);
  const auto later = kNow + std::chrono::seconds(1);
  EXPECT_EQ(judge_plan(signed_plan, "uid-1", {}, later).kind, Kind::Expired);
  const AcceptedPlan last{.epoch = 1, .generation = 3, .digest = signed_plan.digest};
  EXPECT_EQ(judge_plan(signed_plan, "uid-1", last, later).kind, Kind::AlreadyAccepted);
  EXPECT_EQ(judge_plan(signed_plan, "uid-1", {}, std::nullopt).kind, Kind::Expired) << "nobody knows";
  EXPECT_EQ(judge_plan(signed_plan, "uid-1", last, std::nullopt).kind, Kind::AlreadyAccepted);
}

TEST_F(Trust, APlanThatNeedsMoreThanTheReaderKnowsIsRefused) {
  auto demanding = plan();
  demanding["critical"] = {"policies"};
  EXPECT_EQ(judge_plan(verified(demanding), "uid-1", {}, kNow).kind, PlanVerdict::Kind::UnknownCritical);
  EXPECT_EQ(judge_plan(verified(demanding), "uid-1", {}, kNow, {"policies"}).kind, PlanVerdict::Kind::Accept);
}

TEST_F(Trust, ASealedValueOpensOnlyAtItsPlace) {
  const auto host = crypto::SealingKey::generate(entropy);
  const SealedPlace place{.site = "uid-1", .name = "cardKey", .version = "7"};
  const auto blob = seal_value(host.public_key(), place, "s3cret", entropy);
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->find("s3cret"), std::string::npos);
  EXPECT_EQ(*open_value(host, place, *blob), "s3cret");
  for (const auto& [site, name, version] :
       {std::tuple("uid-2", "cardKey", "7"), std::tuple("uid-1", "pin", "7"),
        std::tuple("uid-1", "cardKey", "8")}) {
    EXPECT_EQ(open_value(host, {site, name, version}, *blob).error().code, ErrorCode::Forbidden);
  }
  EXPECT_FALSE(open_value(crypto::SealingKey::generate(entropy), place, *blob));
  EXPECT_EQ(open_value(host, place, "{}").error().code, ErrorCode::BadRequest);
  EXPECT_FALSE(open_value(host, place, R"({"enc":"","ciphertext":""})"));
}

TEST_F(Trust, ARegistrationTokenComesBackAndProvesItsSecret) {
  const auto token = make_registration_token("store-0042", crypto::Digest::of("root"), entropy);
  const auto back = parse_registration_token(token.to_text());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->to_text(), token.to_text());
  EXPECT_TRUE(back->proves(token.secret_digest()));
  EXPECT_FALSE(back->proves(crypto::Digest::of("guess")));
  const std::string root = token.root.hex();
  for (const auto& text : {std::string(), std::string("a.b"), "a.short." + root, "A.0123456789abcdef." + root,
                           "a.0123456789abcde!." + root, "-a.0123456789abcdef." + root,
                           std::string("a.0123456789abcdef.00"), "a.0123456789abcdef." + root + " ",
                           "a." + std::string(129, 'x') + "." + root, ".0123456789abcdef." + root}) {
    const auto result = parse_registration_token(text);
    EXPECT_FALSE(result) << text;
  }
}

TEST_F(Trust, KeysAreNamedByTheirCanonicalDigest) {
  const auto value = key_to_json(plan_key.public_key());
  EXPECT_EQ(key_id(plan_key.public_key()), crypto::Digest::of(*json::to_canonical_text(value)).hex());
  EXPECT_EQ(*key_from_json(value), plan_key.public_key());
  EXPECT_EQ(*key_from_json(key_to_json(root_b.public_key())), root_b.public_key());
  auto extended = value;
  extended["comment"] = "x";
  EXPECT_FALSE(key_from_json(extended)) << "one key must not have two IDs";
  EXPECT_FALSE(key_from_json({{"keytype", "rsa"}}));
}

TEST_F(Trust, TimesHaveOneText) {
  EXPECT_EQ(io::to_rfc3339(*parse_timestamp("2028-02-29T23:59:59Z")), "2028-02-29T23:59:59Z");
  for (const char* text :
       {"", "2027-01-01", "2027-02-29T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:00+0",
        "2027-01-01t00:00:00Z", "9999-01-01T00:00:00Z", "2027-1-01T00:00:000Z", "-027-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

}  // namespace
}  // namespace farholm::trust
