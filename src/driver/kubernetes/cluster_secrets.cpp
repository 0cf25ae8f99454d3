#include "driver/kubernetes/cluster_secrets.h"

#include <array>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace farholm::driver::kubernetes {
namespace {

using namespace std::chrono_literals;

// A site may be made with a clock that is years off, and be away for years: what it signs for itself is
// valid from before any such clock (2020-01-01) and for a century. Trust ends by replacing keys, not by
// waiting.
constexpr io::WallTime kNotBefore{1'577'836'800s};
constexpr io::WallTime kNotAfter{4'733'510'400s};  // 2120-01-01
constexpr crypto::Validity kValidity{kNotBefore, kNotAfter};
constexpr std::size_t kEncryptionKeyBytes = 32;  // secretbox

Result<Authority> make_authority(std::string name, io::Entropy& entropy) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::P256, entropy);
  crypto::CertificateSpec spec;
  spec.subject.common_name = name;
  // kubeadm copies this name into the names of its own authorities; some clients look for it.
  spec.names.dns = {std::move(name)};
  spec.validity = kValidity;
  spec.use = crypto::CertificateUse::LastAuthority;
  FARHOLM_TRY(auto certificate, crypto::make_self_signed(spec, key, entropy));
  return Authority{certificate.to_pem(), key.to_pem()};
}

Result<KeyPair> issue_from(const Authority& authority, crypto::CertificateSpec spec, io::Entropy& entropy) {
  FARHOLM_TRY(auto issuer, crypto::Certificate::from_pem(authority.certificate_pem));
  FARHOLM_TRY(auto issuer_key, crypto::PrivateKey::from_pem(authority.key_pem));
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::P256, entropy);
  spec.validity = kValidity;
  FARHOLM_TRY(auto certificate, crypto::issue(spec, key.public_key(), issuer, issuer_key, entropy));
  return KeyPair{certificate.to_pem(), key.to_pem()};
}

json::Value to_json(const Authority& authority) {
  return {{"certificate", authority.certificate_pem}, {"key", authority.key_pem}};
}

Result<Authority> authority_from_json(const json::Value& holder, std::string_view member) {
  FARHOLM_TRY(const json::Value* value, json::require_object(holder, member));
  Authority authority;
  FARHOLM_TRY(authority.certificate_pem, json::require_string(*value, "certificate"));
  FARHOLM_TRY(authority.key_pem, json::require_string(*value, "key"));
  return authority;
}

}  // namespace

Result<ClusterSecrets> make_cluster_secrets(io::Entropy& entropy) {
  ClusterSecrets secrets;
  FARHOLM_TRY(secrets.kubernetes, make_authority("kubernetes", entropy));
  FARHOLM_TRY(secrets.front_proxy, make_authority("front-proxy-ca", entropy));
  FARHOLM_TRY(secrets.etcd, make_authority("etcd-ca", entropy));
  const auto service_accounts = crypto::PrivateKey::generate(crypto::KeyType::P256, entropy);
  secrets.service_account_key_pem = service_accounts.to_pem();
  secrets.service_account_public_pem = service_accounts.public_key().to_pem();
  std::array<std::byte, kEncryptionKeyBytes> key{};
  entropy.fill(key);
  secrets.encryption_key_base64 = to_base64(key);
  return secrets;
}

json::Value to_json(const ClusterSecrets& secrets) {
  return {{"kubernetes", to_json(secrets.kubernetes)},
          {"frontProxy", to_json(secrets.front_proxy)},
          {"etcd", to_json(secrets.etcd)},
          {"serviceAccountKey", secrets.service_account_key_pem},
          {"serviceAccountPublicKey", secrets.service_account_public_pem},
          {"encryptionKey", secrets.encryption_key_base64}};
}

Result<ClusterSecrets> cluster_secrets_from_json(const json::Value& value) {
  ClusterSecrets secrets;
  FARHOLM_TRY(secrets.kubernetes, authority_from_json(value, "kubernetes"));
  FARHOLM_TRY(secrets.front_proxy, authority_from_json(value, "frontProxy"));
  FARHOLM_TRY(secrets.etcd, authority_from_json(value, "etcd"));
  FARHOLM_TRY(secrets.service_account_key_pem, json::require_string(value, "serviceAccountKey"));
  FARHOLM_TRY(secrets.service_account_public_pem, json::require_string(value, "serviceAccountPublicKey"));
  FARHOLM_TRY(secrets.encryption_key_base64, json::require_string(value, "encryptionKey"));
  return secrets;
}

Result<KeyPair> issue_etcd_peer(const ClusterSecrets& secrets, const std::string& address,
                                io::Entropy& entropy) {
  crypto::CertificateSpec spec;
  spec.subject.common_name = "etcd";
  spec.names.ip = {address, "127.0.0.1"};
  spec.names.dns = {"localhost"};
  spec.use = crypto::CertificateUse::Peer;
  return issue_from(secrets.etcd, std::move(spec), entropy);
}

Result<KeyPair> issue_etcd_client(const ClusterSecrets& secrets, io::Entropy& entropy) {
  crypto::CertificateSpec spec;
  spec.subject.common_name = "kube-apiserver-etcd-client";
  spec.use = crypto::CertificateUse::Client;
  return issue_from(secrets.etcd, std::move(spec), entropy);
}

Result<KeyPair> issue_administrator(const ClusterSecrets& secrets, const std::string& user,
                                    io::Entropy& entropy) {
  crypto::CertificateSpec spec;
  spec.subject.common_name = user;
  spec.subject.organizations = {"kubeadm:cluster-admins"};
  spec.use = crypto::CertificateUse::Client;
  return issue_from(secrets.kubernetes, std::move(spec), entropy);
}

}  // namespace farholm::driver::kubernetes
