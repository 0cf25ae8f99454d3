#include "profile/kinds.h"
#include "profile/schema_parts.h"

namespace farholm::profile {

namespace {

using object::array;
using object::integer;
using object::object;
using object::string;
using object::timestamp;

object::Schema spec_schema() {
  return object(
      "What an operator decides about the host.",
      {{"approval", string("Whether the host may join. A host that came with a valid registration token is "
                           "approved by it; others wait as Pending until an operator decides.")
                        .one_of({"Pending", "Approved", "Rejected"})
                        .defaults_to("Pending")},
       {"machineIDConflict",
        string("What to do when another key with a known machine ID asks to join: Replace retires the older "
               "EdgeHost, Separate keeps both (boards do share machine IDs).")
            .one_of({"Replace", "Separate"})}});
}

object::Schema status_schema() {
  return object(
      "What the hub knows about the host.",
      {observed_generation(),
       {"phase", string("In one word: Pending, Connected, Disconnected or Rejected.")
                     .one_of({"Pending", "Connected", "Disconnected", "Rejected"})},
       {"conditions", object::conditions("Ready, Degraded, Approved, MachineIDConflict, Simulated.")},
       {"machineID",
        string("What the host says it is: the DMI product UUID, else /etc/machine-id.").at_most(128)},
       {"keyDigest", digest_field("SHA-256 of the host's public key: its identity.")},
       {"sealingKey",
        string("The host's certified public key for sealed values (X25519, base64).").at_most(1024)},
       {"registrationToken", string("The RegistrationToken that it came with.").at_most(253)},
       {"site", string("The Site that selected the host.").at_most(253)},
       {"agentVersion", string("Of farholm-agent on the host.").at_most(128)},
       {"addresses", array("Addresses that the host has.", string("An address.").at_most(64)).at_most(64)},
       {"connectedSince", timestamp("When the present connection was made.")},
       {"lastSeen", timestamp("When the host was last heard from; written when it connects and when it is "
                              "lost, not with every heartbeat.")},
       {"certificateExpires", timestamp("When the host's client certificate ends; it renews itself before.")},
       {"capacity",
        object("How large the host is.", {{"cpus", integer("Logical processors.").at_least(0)},
                                          {"memoryBytes", integer("Main memory.").at_least(0)},
                                          {"diskBytes", integer("All disks together.").at_least(0)}})},
       {"inventory", object::any_object("The hardware as the agent found it: CPUs, memory, disks, NICs, PCI "
                                        "devices, TPM, firmware, virtualisation, kernel, OS.")}});
}

}  // namespace

object::KindDescriptor edge_host_kind() {
  auto kind =
      our_kind("EdgeHost", "edgehosts", {"eh"},
               "A machine at an edge site that runs farholm-agent. Created by the hub when the machine "
               "first calls; its identity is its key.");
  kind.schema = object("", {{"spec", spec_schema()}, {"status", status_schema()}});
  kind.columns = {condition_column("Ready", "Whether the host is approved, connected and fit."),
                  {.name = "Phase", .json_path = ".status.phase", .description = "Pending, Connected, …"},
                  {.name = "Site", .json_path = ".status.site", .description = "Where it belongs."},
                  {.name = "CPUs",
                   .type = "integer",
                   .json_path = ".status.capacity.cpus",
                   .description = "Logical processors."},
                  {.name = "Machine-ID",
                   .json_path = ".status.machineID",
                   .description = "What it says it is.",
                   .priority = 1},
                  {.name = "Agent",
                   .json_path = ".status.agentVersion",
                   .description = "Version of its agent.",
                   .priority = 1},
                  message_column("Ready"),
                  {.name = "Age",
                   .type = "date",
                   .json_path = ".metadata.creationTimestamp",
                   .description = "Since it first called."}};
  kind.selectable_fields = {".spec.approval", ".status.site"};
  return kind;
}

}  // namespace farholm::profile
