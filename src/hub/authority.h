// Authority: everything that the hub proves things with: the root, the keys of the roles that it plays, and
// the certificate authority that hosts and operators trust. Opened at start, then only read. The publisher's
// key is never here. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "hub/state_folder.h"
#include "io/secure_channel.h"
#include "io/world.h"
#include "trust/root.h"

namespace farholm::hub {

inline constexpr std::string_view kPkiPayloadType = "application/vnd.farholm.pki.v1+json";
inline constexpr std::string_view kHostsGroup = "farholm:hosts";
inline constexpr std::chrono::hours kHostCertificateLifetime(24 * 90);
inline constexpr std::chrono::hours kServerCertificateLifetime(24 * 365);

struct AuthorityOptions {
  StateFolder state;
  // Paths; empty: what the state folder has, else made there (and the root is then online).
  std::string root;
  std::string plan_key;
  std::string pki_key;
  std::string ca;      // PEM chain, the issuing authority first
  std::string ca_key;  // of the issuing authority
  // PEM public key, for a root of our own; with a root that is there already it must be one of its
  // publishers.
  std::string publisher;
};

class Authority {
 public:
  // Errors say which file and what to do.
  static Result<std::unique_ptr<Authority>> open(const io::World& world, const AuthorityOptions& options);

  const trust::Root& root() const { return root_; }
  // True when the root's own key is in this hub: whoever has the hub has the fleet.
  bool root_online() const { return root_online_; }
  const crypto::PrivateKey& plan_key() const { return plan_key_; }
  // The CAs that clients of this hub trust, PEM.
  const std::string& ca_pem() const { return ca_pem_; }
  // The same in an envelope that the pki role signed (docs/formats/pairing.md).
  const std::string& pki_envelope() const { return pki_envelope_; }

  // What time it is now, said to whoever asked with this nonce (trust/time_statement.h).
  std::string time_statement(std::string_view nonce) const;
  // A chain, leaf first, for a client with this key.
  Result<std::string> issue_client(const crypto::Subject& subject, const crypto::PublicKey& key,
                                   io::Duration lifetime) const;
  // A certificate with a new key.
  Result<io::ChannelIdentity> issue_server(const crypto::AlternativeNames& names) const;

 private:
  Authority(const io::World& world, trust::Root root, crypto::PrivateKey plan_key,
            std::vector<crypto::Certificate> chain, crypto::PrivateKey ca_key)
      : world_(world),
        root_(std::move(root)),
        plan_key_(std::move(plan_key)),
        chain_(std::move(chain)),
        ca_key_(std::move(ca_key)) {}

  io::World world_;
  trust::Root root_;
  bool root_online_ = false;
  crypto::PrivateKey plan_key_;
  std::vector<crypto::Certificate> chain_;  // the issuing authority first
  crypto::PrivateKey ca_key_;
  std::string ca_pem_;
  std::string pki_envelope_;
};

}  // namespace farholm::hub
