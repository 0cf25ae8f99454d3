// Pairing: which host may come in, and as whom (docs/formats/pairing.md). Rules over the store, without HTTP:
// the same key is the same EdgeHost; a token or a person approves it; another key with a known machine ID
// waits until a person decides. Everything that one registration changes is one commit. One thread.
#pragma once

#include <set>
#include <string>

#include "apiserver/event_recorder.h"
#include "base/log.h"
#include "crypto/certificate.h"
#include "hub/authority.h"
#include "hub/directory.h"
#include "hub/event_budget.h"
#include "hub/host.h"
#include "io/world.h"
#include "store/store.h"

namespace farholm::hub {

// Hosts that wait for an operator: who knows neither token nor operator must not fill the store.
constexpr std::size_t kWaitingHostsMax = 512;

struct Registration {
  HostClaims claims;
  crypto::PublicKey key;
  std::string token;    // as it was given; empty: none
  std::string address;  // for the log
};

struct Registered {
  bool approved = false;
  std::string name_space, name, uid;
  std::string certificate;  // PEM chain, when approved
  std::string message;      // why it waits
};

class Pairing {
 public:
  struct Parts {
    io::World world;
    store::Store& store;
    Directory& directory;
    const Authority& authority;
    apiserver::EventRecorder& events;
    Logger log;
  };
  explicit Pairing(Parts parts) : parts_(std::move(parts)) {}

  // Unauthorized for a token that is wrong, Forbidden for one that is expired, used up, revoked or for
  // another machine, and for a host that was rejected; TooManyRequests while the same host registers already,
  // and while kWaitingHostsMax others wait for an operator.
  io::Task<Result<Registered>> register_host(Registration registration);
  // A new certificate for the host of this UID, which has just proved its key in the TLS handshake. Forbidden
  // when the host is gone, rejected, or has another key.
  io::Task<Result<Registered>> renew(std::string uid, crypto::PublicKey key);

 private:
  struct Plan;
  io::Task<Result<Registered>> register_alone(Registration registration);
  io::Task<Result<Registered>> answer(store::EntryRef host, crypto::PublicKey key);
  io::Task<void> report_refusal(Registration registration, Error error);
  store::Key free_key(const std::string& name_space, const std::string& key_digest) const;

  Parts parts_;
  std::set<std::string> under_way_;  // key digests and machine IDs that are registering now
  // Refusals that become Events.
  EventBudget refusals_{20, std::chrono::seconds(1)};
};

}  // namespace farholm::hub
