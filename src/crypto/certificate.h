// X.509 (RFC 5280): make authorities, issue and read certificates, check chains at a given time, and
// certificate requests (RFC 2986). Plain values, pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "io/clock.h"
#include "io/entropy.h"

namespace farholm::crypto {

struct Subject {
  std::string common_name;                 // at most 64 characters
  std::vector<std::string> organizations;  // Kubernetes' groups
  bool operator==(const Subject&) const = default;
};

struct AlternativeNames {
  std::vector<std::string> dns;
  std::vector<std::string> ip;  // "192.0.2.1", "2001:db8::1"
  std::vector<std::string> uri;
  bool operator==(const AlternativeNames&) const = default;
};

// To the second; both ends included.
struct Validity {
  io::WallTime not_before;
  io::WallTime not_after;
  bool operator==(const Validity&) const = default;
};

class Certificate {
 public:
  static constexpr std::size_t kSizeBytesMax = 64 * 1024;
  static constexpr std::size_t kChainMax = 16;

  // BadRequest for what is not one certificate in DER (X.690: there is one encoding only) and nothing else,
  // or has a key of a type that we do not know.
  static Result<Certificate> from_der(std::span<const std::byte> der);
  static Result<Certificate> from_pem(std::string_view pem);
  // One to kChainMax, in the order of the text.
  static Result<std::vector<Certificate>> chain_from_pem(std::string_view pem);

  const std::vector<std::byte>& der() const { return der_; }
  std::string to_pem() const;
  Digest digest() const { return Digest::of(der_); }

  const Subject& subject() const { return subject_; }
  const Subject& issuer() const { return issuer_; }
  const AlternativeNames& names() const { return names_; }
  const Validity& validity() const { return validity_; }
  const PublicKey& public_key() const { return key_; }
  const std::string& serial() const { return serial_; }  // hexadecimal
  bool is_authority() const { return is_authority_; }

  bool operator==(const Certificate& other) const { return der_ == other.der_; }

 private:
  Certificate(std::vector<std::byte> der, PublicKey key) : der_(std::move(der)), key_(std::move(key)) {}
  std::vector<std::byte> der_;
  Subject subject_;
  Subject issuer_;
  AlternativeNames names_;
  Validity validity_;
  PublicKey key_;
  std::string serial_;
  bool is_authority_ = false;
};

enum class CertificateUse : std::uint8_t {
  Authority,      // may issue authorities and others
  LastAuthority,  // may issue, but no further authorities
  Server,
  Client,
  Peer,  // both server and client, as etcd's members are
};

struct CertificateSpec {
  Subject subject;
  AlternativeNames names;
  Validity validity;
  CertificateUse use = CertificateUse::Client;
};

// Invalid for a name that X.509 cannot hold.
Result<Certificate> make_self_signed(const CertificateSpec& spec, const PrivateKey& key,
                                     io::Entropy& entropy);
// `issuer_key` must be the issuer's. The validity is cut to the issuer's.
Result<Certificate> issue(const CertificateSpec& spec, const PublicKey& key, const Certificate& issuer,
                          const PrivateKey& issuer_key, io::Entropy& entropy);

struct ChainRules {
  enum class Use : std::uint8_t { Any, Server, Client };
  io::WallTime at;
  Use use = Use::Any;
  bool ignore_times = false;  // for what an expired certificate may still do: renew itself
};
// Whether `leaf` leads over any of `intermediates` to one of `roots`, which may be intermediates themselves.
// Unauthorized, with the reason, else.
Result<void> verify_chain(const Certificate& leaf, const std::vector<Certificate>& intermediates,
                          const std::vector<Certificate>& roots, const ChainRules& rules);
// Whether the certificate is for this host name or address (RFC 6125; the common name does not count).
bool matches_host(const Certificate& certificate, const std::string& host);

struct CertificateRequest {
  Subject subject;
  AlternativeNames names;
  PublicKey key;
};
// PEM, signed by `key`.
Result<std::string> make_certificate_request(const Subject& subject, const AlternativeNames& names,
                                             const PrivateKey& key);
// BadRequest unless it is one and is signed by its own key.
Result<CertificateRequest> parse_certificate_request(std::string_view pem);

}  // namespace farholm::crypto
