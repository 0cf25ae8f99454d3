// Where the hub keeps what: the names under its state folder, in one place. Plain values; any thread.
#pragma once

#include <string>

namespace farholm::hub {

struct StateFolder {
  std::string path;  // "/var/lib/farholm-hub"

  std::string database() const { return path + "/hub.db"; }
  std::string storage_key() const { return path + "/storage.key"; }  // 0600; without it hub.db is noise
  std::string content() const { return path + "/content"; }
  std::string bundles() const { return path + "/bundles.json"; }  // digests of those imported, in order
  std::string root() const { return path + "/root.json"; }
  // A role's private key ("plan", "pki"; those of a root of our own too), 0600.
  std::string key(const std::string& role) const { return path + "/" + role + ".key"; }
  std::string authority() const { return path + "/ca.pem"; }
  std::string authority_key() const { return path + "/ca.key"; }
  std::string admin_kubeconfig() const { return path + "/admin.kubeconfig"; }
};

}  // namespace farholm::hub
