#include "driver/kubernetes/cluster_journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/kubernetes/site_names.h"

namespace farholm::driver::kubernetes {
namespace {

constexpr std::int64_t kFormat = 1;

json::Value to_json(const JournalNode& node) {
  return {{"name", node.name},
          {"slot", node.slot},
          {"role", node.role == NodeSlot::Role::ControlPlane ? "ControlPlane" : "Worker"},
          {"address", node.address},
          {"joined", node.joined},
          {"retired", node.retired},
          {"lost", node.lost}};
}

Result<JournalNode> node_from_json(const json::Value& value) {
  JournalNode node;
  FARHOLM_TRY(node.name, json::require_string(value, "name"));
  FARHOLM_TRY(node.slot, json::require_string(value, "slot"));
  FARHOLM_TRY(const std::string role, json::require_string(value, "role"));
  node.role = role == "ControlPlane" ? NodeSlot::Role::ControlPlane : NodeSlot::Role::Worker;
  FARHOLM_TRY(node.address, json::require_string(value, "address"));
  node.joined = json::find_bool(value, "joined").value_or(false);
  node.retired = json::find_bool(value, "retired").value_or(false);
  node.lost = json::find_bool(value, "lost").value_or(false);
  return node;
}

const NodeSlot* find_slot(const ClusterSettings& settings, const JournalNode& node) {
  const auto found = std::ranges::find(settings.slots, node.slot, &NodeSlot::slot);
  // A slot that changed its role or address is another place: a node cannot follow.
  if (found == settings.slots.end() || found->role != node.role || found->address != node.address)
    return nullptr;
  return &*found;
}

}  // namespace

json::Value to_json(const ClusterJournal& journal) {
  json::Value value = {
      {"format", kFormat},          {"nodes", json::Value::array()}, {"etcdMade", journal.etcd_made},
      {"version", journal.version}, {"apiPort", journal.api_port},   {"fingerprint", journal.fingerprint}};
  for (const JournalNode& node : journal.nodes) value["nodes"].push_back(to_json(node));
  if (journal.pulls_allowed) value["pullsAllowed"] = true;
  if (journal.secrets) value["secrets"] = to_json(*journal.secrets);
  return value;
}

Result<ClusterJournal> cluster_journal_from_json(const json::Value& value) {
  ClusterJournal journal;
  FARHOLM_TRY(const std::int64_t format, json::require_integer(value, "format"));
  if (format > kFormat)
    return fail(ErrorCode::Invalid, "The site's state was written by a newer agent: run that one");
  journal.etcd_made = json::find_bool(value, "etcdMade").value_or(false);
  journal.pulls_allowed = json::find_bool(value, "pullsAllowed").value_or(false);
  journal.version = json::string_or(value, "version");
  journal.api_port = static_cast<std::uint16_t>(json::find_integer(value, "apiPort").value_or(0));
  journal.fingerprint = json::string_or(value, "fingerprint");
  FARHOLM_TRY(const json::Value* nodes, json::require_array(value, "nodes"));
  for (const json::Value& entry : *nodes) {
    FARHOLM_TRY(auto node, node_from_json(entry));
    journal.nodes.push_back(std::move(node));
  }
  if (const json::Value* secrets = json::find_object(value, "secrets"); secrets != nullptr) {
    FARHOLM_TRY(journal.secrets, cluster_secrets_from_json(*secrets));
  }
  return journal;
}

const JournalNode* node_in_slot(const ClusterJournal& journal, const std::string& slot) {
  const auto found = std::ranges::find_if(
      journal.nodes, [&](const JournalNode& node) { return node.slot == slot && !node.retired; });
  return found == journal.nodes.end() ? nullptr : &*found;
}

std::vector<std::string> settle_roster(ClusterJournal& journal, const ClusterSettings& settings,
                                       const std::vector<std::string>& volumes, io::Entropy& entropy) {
  std::vector<std::string> changes;
  const auto has_volume = [&](const std::string& name) {
    return std::ranges::find(volumes, name) != volumes.end();
  };
  if (journal.etcd_made && !has_volume(etcd_name(settings))) {
    journal.etcd_made = false;
    // Every node holds the identity that it had in a cluster that is no more.
    for (JournalNode& node : journal.nodes) node.retired = node.lost = true;
    changes.push_back("etcd's volume is gone, and what the cluster knew with it: it is made anew");
  }
  for (JournalNode& node : journal.nodes) {
    if (node.retired) continue;
    if (find_slot(settings, node) == nullptr) {
      node.retired = true;
      changes.push_back(fmt::format("{} is no longer in the plan", node.name));
    } else if (node.joined && !has_volume(node.name)) {
      node.retired = node.lost = true;
      changes.push_back(fmt::format("the volume of {} is gone: it is replaced", node.name));
    }
  }
  for (const NodeSlot& slot : settings.slots) {
    if (node_in_slot(journal, slot.slot) != nullptr) continue;
    JournalNode node;
    node.name = make_node_name(settings, slot.slot, entropy);
    node.slot = slot.slot;
    node.role = slot.role;
    node.address = slot.address;
    changes.push_back(fmt::format("{} is to fill {}", node.name, slot.slot));
    journal.nodes.push_back(std::move(node));
  }
  return changes;
}

}  // namespace farholm::driver::kubernetes
