#include "object/metadata.h"
#include "profile/kinds.h"
#include "profile/schema_parts.h"
#include "profile/site.h"

namespace farholm::profile {

namespace {

using object::array;
using object::integer;
using object::object;
using object::string;

// "<site>-control-plane-1-abcde" is a host name, which has at most 63 characters.
constexpr std::size_t kSiteNameBytesMax = 40;

object::Schema spec_schema() {
  return object(
      "What runs where.",
      {{"profile",
        object(
            "The profile that the site runs.",
            {{"name", string("A ClusterProfile.").at_least(1).at_most(253)},
             {"namespace", name_field("Where the profile is, when not beside the site; it must be shared "
                                      "with the site's namespace.")},
             {"revision", integer("A revision to stay at. Without a value: always the newest.").at_least(1)}},
            {"name"})},
       {"hosts", object("The EdgeHosts, in this namespace, that make the site.",
                        {{"selector", object::label_selector("By their labels.")}}, {"selector"})},
       {"nodes",
        object("Kubernetes nodes: containers, spread over the hosts there are.",
               {{"controlPlane",
                 integer("With the control plane.").between(1, kControlPlaneNodesMax).defaults_to(1)},
                {"workers", integer("Others.").between(0, kWorkerNodesMax).defaults_to(0)}})
            .defaults_to(json::Value::object())},
       {"network",
        object("The network of the nodes.",
               {{"subnet",
                 string("Its addresses; must not be in use at the place, nor overlap the cluster's Pod "
                        "and Service addresses. Cannot be changed later.")
                     .matching(kSubnetPattern)
                     .defaults_to(kDefaultSiteSubnet)
                     .fixed()}})
            .defaults_to(json::Value::object())},
       {"variables",
        object::map_of(
            "The profile's variables: a string, integer or boolean, or {secretRef: {name, key}} for "
            "a value in a Secret of this namespace.",
            object::anything("A value."))
            .at_most(kVariablesMax)},
       {"maintenancePolicy",
        object("When the site may change. Without it: at any time.",
               {{"name", string("A MaintenancePolicy of this namespace.").at_least(1).at_most(253)}},
               {"name"})},
       {"paused", object::boolean("Make no new plans for the site.").defaults_to(false)}},
      {"profile", "hosts"});
}

object::Schema layer_status_schema() {
  return object("A layer at the site.",
                {{"name", string("Its name.").at_most(63)},
                 {"type", string("Its type.").at_most(63)},
                 {"state", string("In one word.")
                               .one_of({"Pending", "Fetching", "Applying", "Progressing", "Healthy",
                                        "Drifted", "Failed", "Removing", "Unknown"})},
                 {"fingerprint", string("Of what the plan wants.").at_most(128)},
                 {"applied", string("Of what was applied.").at_most(128)},
                 {"message", string("What is missing, by name.").at_most(4096)}},
                {"name", "state"});
}

object::Schema status_schema() {
  return object(
      "How the site is.",
      {observed_generation(),
       {"conditions", object::conditions(
                          "Planned, Ready, Progressing, Degraded, Connected, OnHold, Contested, Simulated.")},
       {"revision", integer("The profile revision of the newest plan.").at_least(1)},
       {"plan", object("The newest plan.",
                       {{"digest", digest_field("Of its bytes.")},
                        {"epoch", integer("The hub's incarnation.").at_least(0)},
                        {"generation", integer("Counts the site's plans that differ.").at_least(0)},
                        {"accepted", digest_field("The plan that the site says it follows.")}})},
       {"hosts", array("The EdgeHosts selected.", string("A name.").at_most(253)).at_most(1000).as_set()},
       {"nodes", array("The places for nodes that the plan assigns.",
                       object("A place for a node.",
                              {{"slot", string("Its name.").at_most(63)},
                               {"role", string("Its role.").one_of({"ControlPlane", "Worker"})},
                               {"host", string("The EdgeHost.").at_most(253)},
                               {"address", string("Its address.").at_most(64)}},
                              {"slot"}))
                     .at_most(1000)
                     .as_map_by({"slot"})},
       {"layers", array("Layer by layer, as the site reports it.", layer_status_schema())
                      .at_most(2 * kLayersMax)
                      .as_map_by({"name"})},
       {"listeners", array("What the site listens on.",
                           object("A port.",
                                  {{"name", string("Its name.").at_most(63)},
                                   {"port", integer("The port.").between(1, 65535)},
                                   {"nodePort", integer("Where it leads.").between(0, 65535)}},
                                  {"name", "port"}))
                         .at_most(100)
                         .as_map_by({"name"})}});
}

std::vector<ErrorCause> validate(const json::Value*, const json::Value& object) {
  const auto* spec = json::find_object(object, "spec");
  auto causes = spec == nullptr ? std::vector<ErrorCause>() : check_site_spec(*spec);
  if (object::name_of(object).size() > kSiteNameBytesMax)
    causes.push_back(object::field_too_long("metadata.name", kSiteNameBytesMax));
  return causes;
}

}  // namespace

object::KindDescriptor site_kind() {
  auto kind = our_kind("Site", "sites", {},
                       "A place with one or more hosts that runs one cluster as a profile says.");
  kind.schema = object("", {{"spec", spec_schema()}, {"status", status_schema()}}, {"spec"});
  kind.name_is_label = true;
  kind.columns = {
      condition_column("Ready", "Whether every layer of the newest plan is healthy."),
      {.name = "Profile", .json_path = ".spec.profile.name", .description = "What it runs."},
      {.name = "Revision",
       .type = "integer",
       .json_path = ".status.revision",
       .description = "Of the profile."},
      {.name = "Connected",
       .json_path = ".status.conditions[?(@.type==\"Connected\")].status",
       .description = "Whether its hosts are connected."},
      {.name = "Hosts", .json_path = ".status.hosts[*]", .description = "Its hosts.", .priority = 1},
      message_column("Ready"),
      age_column()};
  kind.selectable_fields = {".spec.profile.name"};
  kind.validate = validate;
  return kind;
}

}  // namespace farholm::profile
