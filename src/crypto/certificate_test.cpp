#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/test_entropy.h"

namespace farholm::crypto {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

io::WallTime day(int number) {
  return sys_days(std::chrono::year(2026) / 1 / 1) + days(number);
}

class Certificates : public testing::Test {
 protected:
  CertificateSpec spec(std::string name, CertificateUse use, int from = 0, int to = 100) {
    return {.subject = {.common_name = std::move(name), .organizations = {}},
            .names = {},
            .validity = {.not_before = day(from), .not_after = day(to)},
            .use = use};
  }
  Certificate must(Result<Certificate> certificate) {
    EXPECT_TRUE(certificate) << certificate.error().message;
    return std::move(*certificate);
  }

  TestEntropy entropy;
  PrivateKey root_key = PrivateKey::generate(KeyType::P256, entropy);
  PrivateKey middle_key = PrivateKey::generate(KeyType::Ed25519, entropy);
  PrivateKey key = PrivateKey::generate(KeyType::P256, entropy);
  Certificate root =
      must(make_self_signed(spec("root", CertificateUse::Authority, 0, 3650), root_key, entropy));
  Certificate middle = must(
      issue(spec("middle", CertificateUse::LastAuthority), middle_key.public_key(), root, root_key, entropy));
};

TEST_F(Certificates, SayWhatTheyWereMadeWith) {
  auto wanted = spec("system:node:edge-1", CertificateUse::Peer);
  wanted.subject.organizations = {"system:nodes", "Ünïcode, Inc."};
  wanted.names = {.dns = {"edge-1.example.com", "localhost"},
                  .ip = {"192.0.2.7", "2001:db8::1", "::1", "::", "2001:db8:0:1:0:0:0:1"},
                  .uri = {"farholm:site/1"}};
  const auto made = must(issue(wanted, key.public_key(), middle, middle_key, entropy));
  const auto read = must(Certificate::from_pem(made.to_pem()));
  EXPECT_EQ(read, made);
  EXPECT_EQ(read.subject(), wanted.subject);
  EXPECT_EQ(read.issuer().common_name, "middle");
  wanted.names.ip.back() = "2001:db8:0:1::1";
  EXPECT_EQ(read.names(), wanted.names);
  EXPECT_EQ(read.validity(), wanted.validity);
  EXPECT_EQ(read.public_key(), key.public_key());
  EXPECT_EQ(read.public_key().digest(), Digest::of(key.public_key().to_der()));
  EXPECT_EQ(read.serial().size(), 32U);
  EXPECT_FALSE(read.is_authority());
  EXPECT_TRUE(middle.is_authority());
}

TEST_F(Certificates, AreAcceptedOverAChainInTheirTime) {
  const auto leaf =
      must(issue(spec("web", CertificateUse::Server, 10, 20), key.public_key(), middle, middle_key, entropy));
  EXPECT_TRUE(verify_chain(leaf, {middle}, {root}, {.at = day(15), .use = ChainRules::Use::Server}));
  EXPECT_TRUE(verify_chain(leaf, {}, {middle}, {.at = day(15)})) << "an intermediate may be the anchor";
  EXPECT_TRUE(verify_chain(root, {}, {root}, {.at = day(15)}));
  EXPECT_EQ(verify_chain(leaf, {}, {root}, {.at = day(15)}).error().code, ErrorCode::Unauthorized);
  EXPECT_FALSE(verify_chain(leaf, {middle}, {}, {.at = day(15)}));
  EXPECT_FALSE(verify_chain(leaf, {middle}, {root}, {.at = day(15), .use = ChainRules::Use::Client}));
  EXPECT_FALSE(verify_chain(leaf, {middle}, {root}, {.at = day(9)}));
  const auto late = verify_chain(leaf, {middle}, {root}, {.at = day(21)});
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message.find("expired"), std::string::npos) << late.error().message;
  EXPECT_TRUE(verify_chain(leaf, {middle}, {root}, {.at = day(500), .ignore_times = true}));
}

TEST_F(Certificates, OfAnImpostorAreRefused) {
  const auto impostor_key = PrivateKey::generate(KeyType::P256, entropy);
  const auto impostor =
      must(make_self_signed(spec("root", CertificateUse::Authority), impostor_key, entropy));
  const auto leaf =
      must(issue(spec("web", CertificateUse::Server), key.public_key(), impostor, impostor_key, entropy));
  EXPECT_FALSE(verify_chain(leaf, {impostor}, {root}, {.at = day(15)}));
  EXPECT_FALSE(issue(spec("web", CertificateUse::Server), key.public_key(), root, impostor_key, entropy));
  const auto client =
      must(issue(spec("c", CertificateUse::Client), key.public_key(), root, root_key, entropy));
  const auto by_client =
      must(issue(spec("d", CertificateUse::Client), key.public_key(), client, key, entropy));
  EXPECT_FALSE(verify_chain(by_client, {client}, {root}, {.at = day(15)})) << "only an authority may issue";
}

TEST_F(Certificates, DoNotOutliveTheirIssuer) {
  const auto leaf = must(
      issue(spec("web", CertificateUse::Server, -5, 5000), key.public_key(), middle, middle_key, entropy));
  EXPECT_EQ(leaf.validity(), middle.validity());
}

TEST_F(Certificates, AreForTheHostsThatTheyName) {
  auto wanted = spec("by-common-name.example.com", CertificateUse::Server);
  wanted.names = {.dns = {"hub.example.com"}, .ip = {"127.0.0.1"}, .uri = {}};
  const auto leaf = must(issue(wanted, key.public_key(), root, root_key, entropy));
  EXPECT_TRUE(matches_host(leaf, "hub.example.com"));
  EXPECT_TRUE(matches_host(leaf, "127.0.0.1"));
  EXPECT_FALSE(matches_host(leaf, "127.0.0.2"));
  EXPECT_FALSE(matches_host(leaf, "by-common-name.example.com"));
  EXPECT_FALSE(matches_host(leaf, ""));
}

TEST_F(Certificates, RefuseNamesThatX509CannotHold) {
  EXPECT_EQ(make_self_signed(spec(std::string(65, 'x'), CertificateUse::Client), key, entropy).error().code,
            ErrorCode::Invalid);
  auto wanted = spec("x", CertificateUse::Server);
  wanted.names.dns = {"bad name"};
  EXPECT_FALSE(make_self_signed(wanted, key, entropy));
  wanted.names.dns = {};
  wanted.names.ip = {"300.1.1.1"};
  EXPECT_FALSE(make_self_signed(wanted, key, entropy));
}

TEST_F(Certificates, AreReadOnlyWhole) {
  EXPECT_FALSE(Certificate::from_pem("nothing"));
  EXPECT_FALSE(Certificate::from_pem(root.to_pem() + middle.to_pem()));
  const auto chain = Certificate::chain_from_pem(middle.to_pem() + root.to_pem());
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->at(1), root);
  auto der = root.der();
  der.push_back(std::byte{0});
  EXPECT_FALSE(Certificate::from_der(der));
  der.resize(40);
  EXPECT_FALSE(Certificate::from_der(der));
}

TEST_F(Certificates, OneInAChainThatCannotBeReadIsAnErrorAndNoShorterChain) {
  const auto good = root.to_pem();
  const auto half = good.size() / 2;
  EXPECT_TRUE(Certificate::chain_from_pem(good + "\nand\n" + good));
  EXPECT_FALSE(Certificate::chain_from_pem(good + good.substr(0, half)));
  EXPECT_FALSE(Certificate::chain_from_pem(good + good.substr(0, half) + "!" + good.substr(half + 1)));
}

// Found by the certificate fuzzer: OpenSSL reads more encodings than the one that DER allows, and writes
// that one. Two texts that are one certificate to it would have two digests to us.
TEST_F(Certificates, AreRefusedInAnyEncodingButTheOneThatDerAllows) {
  const auto pem_of = [](const std::vector<std::byte>& der) {
    return "-----BEGIN CERTIFICATE-----\n" + to_base64(der) + "\n-----END CERTIFICATE-----\n";
  };
  const auto made = must(make_self_signed(spec("x", CertificateUse::Client), middle_key, entropy));
  ASSERT_EQ(must(Certificate::from_pem(pem_of(made.der()))), made);

  // It ends with a bit string: how many bits of its last byte do not count, then Ed25519's 64 bytes. Those
  // that do not count must be zero (X.690, 11.2.1).
  auto unused_bits = made.der();
  auto& unused = unused_bits.at(unused_bits.size() - 65);
  ASSERT_EQ(unused, std::byte{0});
  unused = std::byte{7};
  unused_bits.back() |= std::byte{1};
  EXPECT_FALSE(Certificate::from_der(unused_bits));
  EXPECT_FALSE(Certificate::from_pem(pem_of(unused_bits)));

  // The outermost length in three bytes where two hold it (X.690, 10.1).
  auto long_length = made.der();
  ASSERT_EQ(long_length.at(1), std::byte{0x82});
  long_length.at(1) = std::byte{0x83};
  long_length.insert(long_length.begin() + 2, std::byte{0});
  EXPECT_FALSE(Certificate::from_der(long_length));
  EXPECT_FALSE(Certificate::from_pem(pem_of(long_length)));

  EXPECT_FALSE(Certificate::chain_from_pem(made.to_pem() + pem_of(unused_bits)));
}

TEST_F(Certificates, MadeWithOneSeedAndEd25519AreTheSameBytes) {
  const auto make = [&] {
    TestEntropy seeded;
    const auto mine = PrivateKey::generate(KeyType::Ed25519, seeded);
    return must(make_self_signed(spec("same", CertificateUse::Authority), mine, seeded)).to_pem();
  };
  EXPECT_EQ(make(), make());
}

TEST_F(Certificates, AreAskedForWithARequestSignedByItsKey) {
  const Subject subject{.common_name = "edge-1", .organizations = {"farholm:hosts"}};
  const AlternativeNames names{.dns = {"edge-1"}, .ip = {"192.0.2.1"}, .uri = {}};
  for (const auto type : {KeyType::Ed25519, KeyType::P256}) {
    const auto mine = PrivateKey::generate(type, entropy);
    auto pem = make_certificate_request(subject, names, mine);
    ASSERT_TRUE(pem);
    const auto read = parse_certificate_request(*pem);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->subject, subject);
    EXPECT_EQ(read->names, names);
    EXPECT_EQ(read->key, mine.public_key());
    (*pem)[pem->find('\n') + 30] ^= 1;
    EXPECT_FALSE(parse_certificate_request(*pem));
  }
  EXPECT_FALSE(parse_certificate_request(""));
}

}  // namespace
}  // namespace farholm::crypto
