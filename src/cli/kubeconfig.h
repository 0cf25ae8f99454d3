// A kubeconfig (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1): where the hub is, whom it is
// known by and as whom to ask. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/files.h"

namespace farholm::cli {

struct HubAccess {
  std::string server;       // "https://127.0.0.1:8443"
  std::string server_name;  // that its certificate must be for; empty: the server's host
  std::string ca_pem;
  std::string client_pem;  // chain, leaf first; empty with a token
  std::string client_key_pem;
  std::string token;       // bearer; empty with a certificate
  std::string name_space;  // of the context, or empty
};

// From `context`, or the current one. Paths in the file are relative to its folder. BadRequest for what this
// program does not do: exec and auth-provider plugins, passwords, insecure-skip-tls-verify. Messages hold no
// key material.
Result<HubAccess> read_kubeconfig(io::Files& files, const std::string& path, const std::string& context = "");

}  // namespace farholm::cli
