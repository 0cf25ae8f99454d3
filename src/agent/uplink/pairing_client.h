// The host's half of pairing (docs/formats/pairing.md): the hub proves itself by the root, the host by its
// key. One request each; whoever calls repeats them. One thread.
#pragma once

#include <string>

#include "agent/identity.h"
#include "agent/uplink/hub_client.h"
#include "json/json.h"
#include "trust/root.h"

namespace farholm::agent {

// Root.json from the hub, if its digest is this one: Forbidden else.
io::Task<Result<std::string>> fetch_root(const io::World& world, std::string address,
                                         crypto::Digest expected);
// The authorities that the root's pki role vouches for, as PEM.
io::Task<Result<std::string>> fetch_authorities(const io::World& world, std::string address,
                                                const trust::Root& root);

// What time it is, said just now by whoever may sign our plans: believed whatever our own clock thinks of the
// hub's certificate.
io::Task<Result<io::WallTime>> fetch_time(const io::World& world, std::string address,
                                          const trust::Root& root);

struct PairingRequest {
  std::string token;
  std::string machine_id;
  json::Value inventory;
};
// Fills in certificate and EdgeHost. False: the hub lets us wait, and `message` says for what.
struct PairingAnswer {
  bool approved = false;
  std::string message;
};
io::Task<Result<PairingAnswer>> register_host(HubClient& client, const Identity& identity,
                                              PairingRequest request, HubState& state);
// A new certificate for the old one; the client shows it.
io::Task<Result<void>> renew_certificate(HubClient& client, const Identity& identity, HubState& state);

// When the certificate should be renewed: after two thirds of its time. Nothing for what is no certificate.
std::optional<io::WallTime> renewal_time(const HubState& state);

}  // namespace farholm::agent
