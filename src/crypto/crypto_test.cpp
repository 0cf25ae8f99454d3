#include <gtest/gtest.h>

#include "crypto/cipher.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/sealing.h"
#include "crypto/test_entropy.h"

namespace farholm::crypto {
namespace {

std::vector<std::byte> hex(std::string_view text) {
  return *from_hex(text);
}
template <std::size_t N>
std::array<std::byte, N> hex_array(std::string_view text) {
  std::array<std::byte, N> array{};
  std::ranges::copy(hex(text), array.begin());
  return array;
}

TEST(Digest, IsSha256AsInFips180) {
  EXPECT_EQ(Digest::of("abc").to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Hasher hasher;
  hasher.update("a");
  hasher.update("bc");
  EXPECT_EQ(hasher.finish(), Digest::of("abc"));
}

TEST(Digest, IsReadOnlyAsItIsWritten) {
  EXPECT_EQ(*Digest::parse(Digest::of("x").to_string()), Digest::of("x"));
  EXPECT_FALSE(Digest::parse("sha512:00"));
  EXPECT_FALSE(Digest::parse("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
  EXPECT_FALSE(Digest::parse("sha256:" + std::string(63, '0')));
  EXPECT_FALSE(Digest::parse(""));
}

TEST(Hmac, MatchesTheVectorsOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Key, Ed25519SignsAsTheVectorOfRfc8032) {
  // RFC 8032, 7.1, test 2; a private key is the entropy that it was made from.
  TestEntropy entropy(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  const auto key = PrivateKey::generate(KeyType::Ed25519, entropy);
  EXPECT_EQ(to_hex(key.public_key().raw()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = key.sign(hex("72"));
  EXPECT_EQ(to_hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(key.public_key().verify(hex("72"), signature));
  EXPECT_FALSE(key.public_key().verify(hex("73"), signature));
}

TEST(Key, P256IsMadeFromEntropyAsInRfc6979) {
  // RFC 6979, A.2.5: the key; our signatures take their nonce elsewhere.
  TestEntropy entropy(hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
  const auto key = PrivateKey::generate(KeyType::P256, entropy);
  EXPECT_EQ(to_hex(key.public_key().raw()),
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const auto signature = key.sign(as_bytes("sample"));
  EXPECT_TRUE(key.public_key().verify(as_bytes("sample"), signature));
  EXPECT_FALSE(key.public_key().verify(as_bytes("simple"), signature));
  EXPECT_FALSE(key.public_key().verify(as_bytes("sample"), {}));
}

TEST(Key, ComesBackFromPem) {
  TestEntropy entropy;
  for (const auto type : {KeyType::Ed25519, KeyType::P256}) {
    const auto key = PrivateKey::generate(type, entropy);
    const auto back = PrivateKey::from_pem(key.to_pem());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->type(), type);
    EXPECT_EQ(back->public_key(), key.public_key());
    EXPECT_EQ(*PublicKey::from_pem(key.public_key().to_pem()), key.public_key());
    EXPECT_TRUE(key.to_pem().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_EQ(key.public_key().to_pem().find("PRIVATE"), std::string::npos);
    EXPECT_FALSE(PublicKey::from_pem(key.to_pem()));
    EXPECT_FALSE(PrivateKey::from_pem(key.public_key().to_pem()));
  }
  EXPECT_FALSE(PrivateKey::from_pem("secret"));
  EXPECT_EQ(PrivateKey::from_pem("my secret").error().message.find("my secret"), std::string::npos);
  EXPECT_FALSE(PublicKey::from_ed25519(hex("00")));
}

TEST(Sealing, MatchesTheVectorOfRfc9180) {
  // A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, first encryption.
  const std::string info = std::string(as_text(hex("4f6465206f6e2061204772656369616e2055726e")));
  const auto aad = hex("436f756e742d30");
  const auto message = hex("4265617574792069732074727574682c20747275746820626561757479");
  TestEntropy ephemeral(hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"));
  const SealingKey recipient{
      hex_array<32>("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")};
  EXPECT_EQ(to_hex(recipient.public_key()),
            "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
  const auto sealed = seal(recipient.public_key(), info, aad, message, ephemeral);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(to_hex(sealed->encapsulated), "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
  EXPECT_EQ(to_hex(sealed->ciphertext),
            "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a");
  EXPECT_EQ(*open(recipient, *sealed, info, aad), message);
}

TEST(Sealing, OpensOnlyForTheRightKeyUseAndPlace) {
  TestEntropy entropy;
  const auto mine = SealingKey::generate(entropy);
  const auto other = SealingKey::generate(entropy);
  const auto sealed = seal(mine.public_key(), "info", as_bytes("aad"), as_bytes("secret"), entropy);
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(open(mine, *sealed, "info", as_bytes("aad")));
  EXPECT_EQ(open(other, *sealed, "info", as_bytes("aad")).error().code, ErrorCode::Forbidden);
  EXPECT_FALSE(open(mine, *sealed, "info", as_bytes("else")));
  EXPECT_FALSE(open(mine, *sealed, "else", as_bytes("aad")));
  auto damaged = *sealed;
  damaged.ciphertext.back() ^= std::byte{1};
  EXPECT_FALSE(open(mine, damaged, "info", as_bytes("aad")));
  damaged.ciphertext.resize(3);
  EXPECT_FALSE(open(mine, damaged, "info", as_bytes("aad")));
  damaged.encapsulated = {};
  EXPECT_FALSE(open(mine, damaged, "info", as_bytes("aad")));
  EXPECT_EQ(seal({}, "info", {}, {}, entropy).error().code, ErrorCode::Invalid);
  const auto nothing = seal(mine.public_key(), "", {}, {}, entropy);
  EXPECT_TRUE(open(mine, *nothing, "", {})->empty());
}

TEST(Cipher, DecryptsOnlyWhatItEncryptedForThatPlace) {
  TestEntropy entropy;
  const auto key = make_storage_key(entropy);
  const auto encrypted = encrypt(key, as_bytes("place"), as_bytes("secret"), entropy);
  EXPECT_EQ(encrypted.size(), 12U + 6U + 16U);
  EXPECT_EQ(as_text(*decrypt(key, as_bytes("place"), encrypted)), "secret");
  EXPECT_FALSE(decrypt(key, as_bytes("other"), encrypted));
  EXPECT_FALSE(decrypt(make_storage_key(entropy), as_bytes("place"), encrypted));
  EXPECT_FALSE(decrypt(key, as_bytes("place"), std::span(encrypted).first(20)));
  EXPECT_NE(encrypt(key, {}, as_bytes("secret"), entropy), encrypt(key, {}, as_bytes("secret"), entropy));
}

}  // namespace
}  // namespace farholm::crypto
