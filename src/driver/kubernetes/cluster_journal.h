// ClusterJournal: what the driver remembers about a site because it cannot be seen: keys, names, and which
// of its nodes have joined. Saved (SiteState) before any of it is used. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/kubernetes/cluster_secrets.h"
#include "driver/kubernetes/cluster_settings.h"
#include "io/entropy.h"
#include "json/json.h"

namespace farholm::driver::kubernetes {

struct JournalNode {
  std::string name;
  std::string slot;
  NodeSlot::Role role = NodeSlot::Role::Worker;
  std::string address;
  bool joined = false;   // kubeadm has ended well in it
  bool retired = false;  // its slot is gone or given to another: to be taken out of cluster and host
  bool lost = false;     // retired because its volume is gone: there is nothing left to drain
  bool operator==(const JournalNode&) const = default;
};

struct ClusterJournal {
  std::optional<ClusterSecrets> secrets;
  std::vector<JournalNode> nodes;
  bool etcd_made = false;      // its volume has been made: when it is gone, so is what the cluster knew
  std::string version;         // of Kubernetes, with which the first node was begun
  std::uint16_t api_port = 0;  // on the host's 127.0.0.1
  bool pulls_allowed =
      false;                // nodes may have been told to pull from upstream: until all were told otherwise
  std::string fingerprint;  // of the layer that was applied completely
};

json::Value to_json(const ClusterJournal& journal);
Result<ClusterJournal> cluster_journal_from_json(const json::Value& value);

const JournalNode* node_in_slot(const ClusterJournal& journal, const std::string& slot);  // nullptr: none

// Names for slots that have none, retirement for nodes whose slot or volume is gone. `volumes` are those
// there are on the host. Gives a sentence for each change; none: the journal is as it was.
std::vector<std::string> settle_roster(ClusterJournal& journal, const ClusterSettings& settings,
                                       const std::vector<std::string>& volumes, io::Entropy& entropy);

}  // namespace farholm::driver::kubernetes
