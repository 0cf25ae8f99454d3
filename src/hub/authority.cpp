#include "hub/authority.h"

#include <fmt/format.h>

#include "json/json.h"
#include "trust/envelope.h"
#include "trust/key_id.h"
#include "trust/time_statement.h"

namespace farholm::hub {
namespace {

constexpr std::uint64_t kKeyFileBytesMax = 64 << 10;
constexpr std::chrono::hours kOwnRootLifetime(24 * 365 * 10);
constexpr std::chrono::hours kOwnAuthorityLifetime(24 * 365 * 10);
// Certificates begin a little earlier: clocks of clients are behind.
constexpr std::chrono::hours kBackdated(1);

Result<crypto::PrivateKey> read_key(io::Files& files, const std::string& path) {
  FARHOLM_TRY(const auto text, io::read_file(files, path, kKeyFileBytesMax));
  auto key = crypto::PrivateKey::from_pem(text);
  if (!key) return fail_while(std::move(key).error(), "reading " + path);
  return key;
}

// The key at `given`; else the one in the state folder; else a new one there.
Result<crypto::PrivateKey> open_key(const io::World& world, const std::string& given, const std::string& path,
                                    crypto::KeyType type) {
  if (!given.empty()) return read_key(world.files, given);
  FARHOLM_TRY(const auto there, io::status_if_exists(world.files, path));
  if (there) return read_key(world.files, path);
  auto key = crypto::PrivateKey::generate(type, world.entropy);
  FARHOLM_CHECK(io::write_file_atomically(world.files, path, key.to_pem(), 0600));
  return key;
}

Result<crypto::PublicKey> publisher_key(const io::World& world, const AuthorityOptions& options) {
  if (options.publisher.empty()) {
    // Nobody's key: its private half is forgotten here, so that no bundle is right until a root says whose.
    return crypto::PrivateKey::generate(crypto::KeyType::Ed25519, world.entropy).public_key();
  }
  FARHOLM_TRY(const auto text, io::read_file(world.files, options.publisher, kKeyFileBytesMax));
  auto key = crypto::PublicKey::from_pem(text);
  if (!key) return fail_while(std::move(key).error(), "reading " + options.publisher);
  return key;
}

// A root whose keys, but the publisher's, are all in the state folder.
Result<std::string> make_own_root(const io::World& world, const AuthorityOptions& options) {
  trust::RootSpec spec{.version = 1, .expires = world.clock.now() + kOwnRootLifetime};
  std::vector<crypto::PrivateKey> signers;
  for (const auto role : trust::kRoleNames) {
    if (role == trust::RoleName::Publisher) {
      FARHOLM_TRY(auto publisher, publisher_key(world, options));
      spec.role(role).keys.push_back(std::move(publisher));
      continue;
    }
    const std::string name(trust::to_string(role));
    const auto& given = role == trust::RoleName::Plan  ? options.plan_key
                        : role == trust::RoleName::Pki ? options.pki_key
                                                       : std::string();
    FARHOLM_TRY(const auto key, open_key(world, given, options.state.key(name), crypto::KeyType::Ed25519));
    spec.role(role).keys.push_back(key.public_key());
    if (role == trust::RoleName::Root) signers.push_back(key);
  }
  return trust::make_root(spec, signers);
}

// The root that was given, or kept, or made.
Result<trust::Root> open_root(const io::World& world, const AuthorityOptions& options) {
  const auto path = options.state.root();
  FARHOLM_TRY(const auto kept, io::read_file_if_exists(world.files, path, trust::Root::kBytesMax));
  std::string text;
  if (!options.root.empty()) {
    FARHOLM_TRY(text, io::read_file(world.files, options.root, trust::Root::kBytesMax));
  } else if (kept) {
    return trust::Root::parse(*kept);
  } else {
    FARHOLM_TRY(text, make_own_root(world, options));
  }
  auto root = trust::Root::parse(text);
  if (!root) return fail_while(std::move(root).error(), "reading the root");
  if (kept) {
    FARHOLM_TRY(const auto before, trust::Root::parse(*kept));
    if (before.digest() == root->digest()) return root;
    if (auto next = trust::next_root(before, text); !next) {
      return fail(ErrorCode::Forbidden,
                  fmt::format("{} is not the successor of this hub's root ({}): its hosts would not follow "
                              "it. Give the next version, signed by the present root",
                              options.root, next.error().message));
    }
  }
  FARHOLM_CHECK(io::write_file_atomically(world.files, path, text, 0644));
  return root;
}

Result<crypto::PrivateKey> open_role_key(const io::World& world, const AuthorityOptions& options,
                                         const trust::Root& root, trust::RoleName role,
                                         const std::string& given) {
  const std::string name(trust::to_string(role));
  FARHOLM_TRY(const auto there, io::status_if_exists(world.files, options.state.key(name)));
  if (given.empty() && !there) {
    return fail(ErrorCode::BadRequest,
                fmt::format("the root needs a key of its role {0}: give it with --{0}-key FILE", name));
  }
  FARHOLM_TRY(auto key, open_key(world, given, options.state.key(name), crypto::KeyType::Ed25519));
  if (!root.role(role).key_ids.contains(trust::key_id(key.public_key()))) {
    return fail(ErrorCode::BadRequest,
                fmt::format("the key {} is not one of the role {} in the root: hosts would refuse what it "
                            "signs. Give the right one with --{}-key",
                            given.empty() ? options.state.key(name) : given, name, name));
  }
  return key;
}

// A publisher is named by the root alone: what was given has to be one of them, or bundles that its owner
// signs would be refused with no word of why.
Result<void> check_publisher(const io::World& world, const AuthorityOptions& options,
                             const trust::Root& root) {
  if (options.publisher.empty()) return {};
  FARHOLM_TRY(const auto key, publisher_key(world, options));
  if (root.role(trust::RoleName::Publisher).key_ids.contains(trust::key_id(key))) return {};
  return fail(
      ErrorCode::BadRequest,
      fmt::format("{} is no publisher of this hub's root, which was made before: --publisher counts "
                  "only when the hub makes its root. Leave it away, give --root with the next version "
                  "of the root that names this publisher, or begin with an empty state folder",
                  options.publisher));
}

struct Issuer {
  std::vector<crypto::Certificate> chain;
  crypto::PrivateKey key;
};

Result<Issuer> open_issuer(const io::World& world, const AuthorityOptions& options) {
  if (options.ca.empty() != options.ca_key.empty())
    return fail(ErrorCode::BadRequest, "--ca and --ca-key belong together: give both or neither");
  FARHOLM_TRY(auto key,
              open_key(world, options.ca_key, options.state.authority_key(), crypto::KeyType::P256));
  const auto path = options.ca.empty() ? options.state.authority() : options.ca;
  FARHOLM_TRY(const auto text, io::read_file_if_exists(world.files, path, kKeyFileBytesMax));
  if (text) {
    auto chain = crypto::Certificate::chain_from_pem(*text);
    if (!chain) return fail_while(std::move(chain).error(), "reading " + path);
    if (!(chain->front().public_key() == key.public_key()) || !chain->front().is_authority())
      return fail(ErrorCode::BadRequest,
                  "the first certificate of " + path + " is not an authority with the key that was given");
    return Issuer{std::move(*chain), std::move(key)};
  }
  if (!options.ca.empty()) return fail(ErrorCode::NotFound, "there is no file " + path);
  const auto now = world.clock.now();
  FARHOLM_TRY(auto certificate,
              crypto::make_self_signed(
                  {.subject = {.common_name = "farholm-hub-ca", .organizations = {"Farholm"}},
                   .names = {},
                   .validity = {.not_before = now - kBackdated, .not_after = now + kOwnAuthorityLifetime},
                   .use = crypto::CertificateUse::LastAuthority},
                  key, world.entropy));
  FARHOLM_CHECK(io::write_file_atomically(world.files, path, certificate.to_pem(), 0644));
  return Issuer{{std::move(certificate)}, std::move(key)};
}

}  // namespace

Result<std::unique_ptr<Authority>> Authority::open(const io::World& world, const AuthorityOptions& options) {
  FARHOLM_TRY(auto root, open_root(world, options));
  FARHOLM_CHECK(check_publisher(world, options, root));
  FARHOLM_TRY(auto plan_key, open_role_key(world, options, root, trust::RoleName::Plan, options.plan_key));
  FARHOLM_TRY(const auto pki_key, open_role_key(world, options, root, trust::RoleName::Pki, options.pki_key));
  FARHOLM_TRY(auto issuer, open_issuer(world, options));
  auto authority = std::unique_ptr<Authority>(new Authority(world, std::move(root), std::move(plan_key),
                                                            std::move(issuer.chain), std::move(issuer.key)));
  // Here only when we made the root ourselves.
  FARHOLM_TRY(const auto root_key, io::status_if_exists(world.files, options.state.key("root")));
  if (root_key) {
    FARHOLM_TRY(const auto key, read_key(world.files, options.state.key("root")));
    authority->root_online_ =
        authority->root_.role(trust::RoleName::Root).key_ids.contains(trust::key_id(key.public_key()));
  }
  for (const auto& certificate : authority->chain_) authority->ca_pem_ += certificate.to_pem();
  const json::Value payload{{"authorities", json::Value::array({authority->ca_pem_})}};
  FARHOLM_TRY(auto text, json::to_canonical_text(payload));
  authority->pki_envelope_ =
      trust::to_text(trust::sign_envelope(std::string(kPkiPayloadType), std::move(text), {pki_key}));
  return authority;
}

std::string Authority::time_statement(std::string_view nonce) const {
  return trust::sign_time(world_.clock.now(), nonce, plan_key_);
}

Result<std::string> Authority::issue_client(const crypto::Subject& subject, const crypto::PublicKey& key,
                                            io::Duration lifetime) const {
  const auto now = world_.clock.now();
  FARHOLM_TRY(const auto leaf, crypto::issue({.subject = subject,
                                              .names = {},
                                              .validity = {now - kBackdated, now + lifetime},
                                              .use = crypto::CertificateUse::Client},
                                             key, chain_.front(), ca_key_, world_.entropy));
  return leaf.to_pem() + ca_pem_;
}

Result<io::ChannelIdentity> Authority::issue_server(const crypto::AlternativeNames& names) const {
  const auto now = world_.clock.now();
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::P256, world_.entropy);
  FARHOLM_TRY(const auto leaf,
              crypto::issue({.subject = {.common_name = "farholm-hub", .organizations = {}},
                             .names = names,
                             .validity = {now - kBackdated, now + kServerCertificateLifetime},
                             .use = crypto::CertificateUse::Server},
                            key.public_key(), chain_.front(), ca_key_, world_.entropy));
  return io::ChannelIdentity{.chain_pem = leaf.to_pem() + ca_pem_, .key_pem = key.to_pem()};
}

}  // namespace farholm::hub
