#include "hub/pairing.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "hub/conditions.h"
#include "hub/resources.h"
#include "hub/tokens.h"
#include "object/metadata.h"
#include "profile/kinds.h"

namespace farholm::hub {
namespace {

constexpr std::size_t kNameDigestDigits = 10;

// Marks a host as registering for as long as it lives.
class UnderWay {
 public:
  UnderWay(std::set<std::string>& all, std::vector<std::string> names) : all_(all), names_(std::move(names)) {
    for (const auto& name : names_) all_.insert(name);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    for (const auto& name : names_) all_.erase(name);
  }

 private:
  std::set<std::string>& all_;
  std::vector<std::string> names_;
};

store::Write remove_if_same(const store::EntryRef& entry) {
  return {entry->key, [revision = entry->revision](const store::Entry* current) -> Result<store::Change> {
            if (current == nullptr) return store::Change::keep();
            if (current->revision != revision)
              return fail(ErrorCode::TooManyRequests, "the host changed meanwhile; try again");
            return store::Change::remove();
          }};
}

std::string conflict_choice(const json::Value& host) {
  const auto* spec = json::find_object(host, "spec");
  return spec == nullptr ? "" : json::string_or(*spec, "machineIDConflict");
}

}  // namespace

store::Key Pairing::free_key(const std::string& name_space, const std::string& key_digest) const {
  // "sha256:0123456789…": named after the key, so that the name is as lasting as the identity.
  const std::string hex = key_digest.substr(key_digest.find(':') + 1);
  for (std::size_t digits = kNameDigestDigits; digits < hex.size(); ++digits) {
    auto key = key_of(kHosts, name_space, "edge-" + hex.substr(0, digits));
    if (parts_.store.get(key) == nullptr) return key;
  }
  return key_of(kHosts, name_space, "edge-" + hex);
}

io::Task<Result<Registered>> Pairing::register_host(Registration registration) {
  const std::string machine = "machine " + registration.claims.machine_id;
  if (under_way_.contains(registration.claims.key_digest) || under_way_.contains(machine))
    co_return fail(ErrorCode::TooManyRequests, "this host is registering already; try again");
  const UnderWay mark(under_way_, {registration.claims.key_digest, machine});
  auto registered = co_await register_alone(registration);
  if (!registered &&
      (registered.error().code == ErrorCode::Unauthorized || registered.error().code == ErrorCode::Forbidden))
    co_await report_refusal(std::move(registration), registered.error());
  co_return registered;
}

io::Task<Result<Registered>> Pairing::register_alone(Registration registration) {
  const auto now = parts_.world.clock.now();
  const auto& claims = registration.claims;
  auto existing = parts_.directory.by_key(claims.key_digest);
  if (existing && is_rejected(existing->value))
    co_return fail(ErrorCode::Forbidden, "An operator rejected this host.");

  // A host that is in already needs no token any more.
  std::optional<FoundToken> token;
  const bool decided = existing && approval_of(existing->value) == "Approved";
  if (!registration.token.empty() && !decided) {
    auto parsed = trust::parse_registration_token(registration.token);
    if (!parsed) co_return fail(ErrorCode::Unauthorized, "This is no registration token.");
    FARHOLM_CO_TRY(token, find_token(parts_.store, *parsed));
    FARHOLM_CO_CHECK(judge_token(token->entry->value, claims.machine_id, now));
  }

  if (!existing && !token && parts_.directory.waiting() >= kWaitingHostsMax)
    co_return fail(ErrorCode::TooManyRequests,
                   fmt::format("{} hosts wait for an operator already: approve or delete some, or give "
                               "this one a registration token.",
                               parts_.directory.waiting()));

  std::vector<store::Write> writes;
  json::Value host;
  store::Key key;
  const std::string name_space = token      ? token->key.name_space
                                 : existing ? existing->key.name_space
                                            : std::string(profile::kUnassignedNamespace);
  if (existing && existing->key.name_space == name_space) {
    key = existing->key;
    host = existing->value;
  } else {
    // A host that waited without a namespace moves into the token's.
    if (existing) writes.push_back(remove_if_same(existing));
    key = free_key(name_space, claims.key_digest);
    host = make_host(name_space, key.name, io::random_uuid(parts_.world.entropy), now);
  }
  const std::int64_t revision = existing && existing->key == key ? existing->revision : 0;

  if (token) host["spec"]["approval"] = "Approved";
  take_claims(host, claims);
  if (token) {
    host["status"]["registrationToken"] = token->key.name;
    const auto* labels = json::find_path(token->entry->value, {"spec", "hostLabels"});
    if (labels != nullptr && labels->is_object())
      for (const auto& [name, value] : labels->items()) host["metadata"]["labels"][name] = value;
    writes.push_back(
        {token->key,
         [now, machine_id = claims.machine_id](const store::Entry* current) -> Result<store::Change> {
           if (current == nullptr)
             return fail(ErrorCode::Unauthorized, "The registration token was deleted.");
           FARHOLM_CHECK(judge_token(current->value, machine_id, now));
           json::Value counted = current->value;
           count_token_use(counted, now);
           return store::Change::put(std::move(counted));
         }});
  }

  // Real boards share machine IDs, and dead boxes are replaced: a person tells which it is.
  for (const auto& other : parts_.directory.by_machine_id(claims.machine_id)) {
    if (status_text(other->value, "keyDigest") == claims.key_digest || claims.machine_id.empty()) continue;
    const auto choice = conflict_choice(host);
    if (choice == "Replace" && may_join(host)) {
      writes.push_back(remove_if_same(other));
      if (const auto* labels = object::labels_of(other->value))
        for (const auto& [name, value] : labels->items())
          if (!host["metadata"]["labels"].contains(name)) host["metadata"]["labels"][name] = value;
      continue;
    }
    const bool newer = condition_status(host, "MachineIDConflict").empty() && revision == 0;
    if (choice.empty() && newer)
      set_condition(host,
                    {"MachineIDConflict", "True", "KnownMachineID",
                     fmt::format("EdgeHost {}/{} has the same machine ID {} and another key.",
                                 other->key.name_space, other->key.name, claims.machine_id)},
                    now);
  }
  judge_host(host, Presence::AsBefore, now);

  writes.push_back({key, [host, revision](const store::Entry* current) -> Result<store::Change> {
                      if ((current == nullptr ? 0 : current->revision) != revision)
                        return fail(ErrorCode::TooManyRequests, "the host changed meanwhile; try again");
                      return store::Change::put(host);
                    }});
  FARHOLM_CO_TRY(const auto outcomes, co_await parts_.store.commit(std::move(writes)));
  for (const auto& outcome : outcomes) {
    const auto& entry = outcome.entry ? outcome.entry : outcome.previous;
    if (entry && entry->key.resource == kHosts) parts_.directory.update(entry->key);
  }
  if (revision == 0)
    parts_.log.info("host {}/{} (machine {}) registered from {}: {}", key.name_space, key.name,
                    claims.machine_id, registration.address, status_text(host, "phase"));
  co_return co_await answer(outcomes.back().entry, registration.key);
}

io::Task<Result<Registered>> Pairing::answer(store::EntryRef host, crypto::PublicKey key) {
  Registered registered{.approved = may_join(host->value),
                        .name_space = host->key.name_space,
                        .name = host->key.name,
                        .uid = object::uid_of(host->value),
                        .certificate = {},
                        .message = {}};
  if (!registered.approved) {
    registered.message =
        fmt::format("EdgeHost {}/{} waits: {}", host->key.name_space, host->key.name,
                    has_open_conflict(host->value)
                        ? "another host has its machine ID; an operator has to set spec.machineIDConflict"
                        : "an operator has to set spec.approval to Approved");
    co_return registered;
  }
  FARHOLM_CO_TRY(registered.certificate,
                 parts_.authority.issue_client(
                     {.common_name = registered.uid, .organizations = {std::string(kHostsGroup)}}, key,
                     kHostCertificateLifetime));
  const auto ends = io::to_rfc3339(parts_.world.clock.now() + kHostCertificateLifetime);
  auto written = co_await store::mutate(parts_.store, host->key,
                                        [ends](const store::Entry* current) -> Result<store::Change> {
                                          if (current == nullptr) return store::Change::keep();
                                          json::Value changed = current->value;
                                          changed["status"]["certificateExpires"] = ends;
                                          return store::Change::put(std::move(changed));
                                        });
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return registered;
}

io::Task<Result<Registered>> Pairing::renew(std::string uid, crypto::PublicKey key) {
  const auto host = parts_.directory.by_uid(uid);
  if (host == nullptr || !may_join(host->value))
    co_return fail(ErrorCode::Forbidden, "This hub has no approved host with this certificate: pair again.");
  if (status_text(host->value, "keyDigest") != key.digest().to_string())
    co_return fail(ErrorCode::Forbidden, "The request is for another key than the host's.");
  co_return co_await answer(host, std::move(key));
}

io::Task<void> Pairing::report_refusal(Registration registration, Error error) {
  parts_.log.warning("a host (machine {}) from {} was refused: {}", registration.claims.machine_id,
                     registration.address, error.message);
  if (!refusals_.take(parts_.world.clock.monotonic())) co_return;
  json::Value about{
      {"apiVersion", "v1"},
      {"kind", "Namespace"},
      {"metadata", {{"name", profile::kUnassignedNamespace}, {"namespace", profile::kUnassignedNamespace}}}};
  if (const auto host = parts_.directory.by_key(registration.claims.key_digest)) {
    about = host->value;
  } else if (const auto parsed = trust::parse_registration_token(registration.token)) {
    if (const auto token = find_token(parts_.store, *parsed)) about = token->entry->value;
  }
  auto recorded =
      co_await parts_.events.record(std::move(about), apiserver::EventType::Warning,
                                    error.code == ErrorCode::Unauthorized ? "WrongToken" : "HostRefused",
                                    fmt::format("The host with machine ID {} was refused: {}",
                                                cut_text(registration.claims.machine_id, 64), error.message));
  if (!recorded) parts_.log.warning("{}", recorded.error().to_string());
}

}  // namespace farholm::hub
