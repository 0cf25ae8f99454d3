// A kubeconfig with a client certificate, as one writes it for an operator. Pure.
#pragma once

#include <string>

#include "base/encoding.h"
#include "io/secure_channel.h"
#include "json/json.h"

namespace farholm::hub {

inline std::string make_kubeconfig(const std::string& server, const std::string& ca_pem,
                                   const io::ChannelIdentity& identity) {
  const auto base64 = [](const std::string& text) { return to_base64(as_bytes(text)); };
  const json::Value cluster{{"server", server}, {"certificate-authority-data", base64(ca_pem)}};
  const json::Value user{{"client-certificate-data", base64(identity.chain_pem)},
                         {"client-key-data", base64(identity.key_pem)}};
  return json::to_yaml(
      {{"apiVersion", "v1"},
       {"kind", "Config"},
       {"clusters", json::Value::array({{{"name", "farholm-hub"}, {"cluster", cluster}}})},
       {"users", json::Value::array({{{"name", "admin"}, {"user", user}}})},
       {"contexts", json::Value::array({{{"name", "farholm-hub"},
                                         {"context", {{"cluster", "farholm-hub"}, {"user", "admin"}}}}})},
       {"current-context", "farholm-hub"}});
}

}  // namespace farholm::hub
