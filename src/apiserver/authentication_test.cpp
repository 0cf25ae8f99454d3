// Who a client certificate says is asking.
#include "apiserver/authentication.h"

#include <gtest/gtest.h>

#include "crypto/certificate.h"
#include "io/sim/sim_world.h"

namespace farholm::apiserver {
namespace {

class CertificateAuthenticatorTest : public testing::Test {
 protected:
  CertificateAuthenticatorTest()
      : authority_key_(crypto::PrivateKey::generate(crypto::KeyType::P256, machine_.entropy())),
        client_key_(crypto::PrivateKey::generate(crypto::KeyType::P256, machine_.entropy())),
        authority_(*crypto::make_self_signed({.subject = {.common_name = "ca", .organizations = {}},
                                              .names = {},
                                              .validity = {now() - std::chrono::hours(1), now() + kFar},
                                              .use = crypto::CertificateUse::LastAuthority},
                                             authority_key_, machine_.entropy())) {}

  io::WallTime now() { return machine_.clock().now(); }

  net::Peer peer(const std::string& name, io::Duration lifetime = kFar) {
    const auto made = crypto::issue({.subject = {.common_name = name, .organizations = {"operators"}},
                                     .names = {},
                                     .validity = {now() - std::chrono::hours(1), now() + lifetime},
                                     .use = crypto::CertificateUse::Client},
                                    client_key_.public_key(), authority_, authority_key_, machine_.entropy());
    net::Peer peer;
    peer.certificate.emplace();
    peer.certificate->trust = io::ChannelPeer::Trust::Trusted;
    peer.certificate->der = std::string(as_text(made->der()));
    return peer;
  }

  Result<std::optional<User>> ask(const net::Peer& peer) {
    return world_.loop().run(authenticator_.authenticate(net::Request(), peer));
  }

  static constexpr io::Duration kFar = std::chrono::hours(1000);
  io::sim::SimWorld world_{3};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  crypto::PrivateKey authority_key_;
  crypto::PrivateKey client_key_;
  crypto::Certificate authority_;
  CertificateAuthenticator authenticator_{machine_.clock()};
};

TEST_F(CertificateAuthenticatorTest, TheCommonNameIsTheUserAtEveryRequest) {
  const auto ada = peer("ada");
  const auto bob = peer("bob");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ((*ask(ada))->name, "ada");
    EXPECT_EQ((*ask(ada))->groups, std::vector<std::string>{"operators"});
    EXPECT_EQ((*ask(bob))->name, "bob");
  }
  EXPECT_EQ(authenticator_.remembered(), 2U);
}

TEST_F(CertificateAuthenticatorTest, OneThatExpiresWhileItsConnectionLivesIsUnauthorized) {
  const auto soon = peer("ada", std::chrono::hours(1));
  ASSERT_TRUE(ask(soon));
  world_.loop().run(
      [](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(std::chrono::hours(2)); }(world_.loop()));
  const auto later = ask(soon);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::Unauthorized);
}

TEST_F(CertificateAuthenticatorTest, ARememberedOneIsRefusedOnAConnectionThatDoesNotTrustIt) {
  auto ada = peer("ada");
  ASSERT_TRUE(ask(ada));
  ada.certificate->trust = io::ChannelPeer::Trust::Untrusted;
  EXPECT_FALSE(ask(ada));
}

TEST_F(CertificateAuthenticatorTest, NeitherGarbageNorOneWithoutANameIsAUser) {
  auto broken = peer("ada");
  broken.certificate->der.resize(broken.certificate->der.size() / 2);
  EXPECT_FALSE(ask(broken));
  EXPECT_FALSE(ask(peer("")));
  EXPECT_EQ(authenticator_.remembered(), 0U);
  EXPECT_FALSE((*ask(net::Peer())).has_value()) << "no certificate: somebody else may know";
}

TEST_F(CertificateAuthenticatorTest, ManyCertificatesTakeBoundedMemory) {
  for (std::size_t i = 0; i < CertificateAuthenticator::kRememberedMax + 10; ++i)
    ASSERT_EQ((*ask(peer("user-" + std::to_string(i))))->name, "user-" + std::to_string(i));
  EXPECT_LE(authenticator_.remembered(), CertificateAuthenticator::kRememberedMax);
}

}  // namespace
}  // namespace farholm::apiserver
