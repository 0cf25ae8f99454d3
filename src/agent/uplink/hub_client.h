// HubClient: HTTPS to the hub, with the certificate that this host has now; and the TLS of its links.
// Requests in flight keep what they began with when the certificate changes. One thread.
#pragma once

#include <memory>
#include <string>

#include "agent/identity.h"
#include "io/world.h"
#include "json/json.h"
#include "net/client.h"

namespace farholm::agent {

// What this host knows of its hub; kept in the state folder (0600).
struct HubState {
  std::string address;                              // "hub.example.com:8443"
  std::string authorities;                          // PEM; empty: not known yet
  std::string certificate;                          // PEM chain; empty: not paired
  std::string host_namespace, host_name, host_uid;  // our EdgeHost
};
Result<HubState> load_hub_state(io::Files& files, const std::string& path);  // empty when there is no file
Result<void> save_hub_state(io::Files& files, const std::string& path, const HubState& state);

class HubClient {
 public:
  // Trusts whoever answers: only for what proves itself by a signature (root, pki).
  static Result<std::unique_ptr<HubClient>> make_trusting(const io::World& world, const std::string& address);
  // Trusts state.authorities; shows state.certificate when there is one.
  static Result<std::unique_ptr<HubClient>> make(const io::World& world, const HubState& state,
                                                 const Identity& identity);
  // From now on with this certificate and these authorities.
  Result<void> reload(const HubState& state, const Identity& identity);

  net::HttpClient& http() { return *http_; }
  // A GET's or POST's body as text, and the status. Errors of status 4xx and 5xx are the hub's, by their
  // code.
  io::Task<Result<net::Response>> get(std::string path, std::uint64_t limit_bytes);
  io::Task<Result<net::Response>> post(std::string path, json::Value body);
  // A connection for the control link.
  io::Task<Result<std::unique_ptr<io::Stream>>> dial_link();
  const io::Endpoint& endpoint() const { return endpoint_; }

 private:
  HubClient(const io::World& world, io::Endpoint endpoint) : world_(world), endpoint_(std::move(endpoint)) {}
  io::Task<Result<net::Response>> send(net::Request request, std::uint64_t limit_bytes);

  io::World world_;
  io::Endpoint endpoint_;
  std::unique_ptr<io::SecureClient> tls_;
  std::unique_ptr<io::SecureClient> link_tls_;
  std::unique_ptr<net::HttpClient> http_;
};

}  // namespace farholm::agent
