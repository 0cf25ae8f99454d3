#include "object/metadata.h"
#include "profile/cluster_profile.h"
#include "profile/kinds.h"
#include "profile/schema_parts.h"

namespace farholm::profile {

namespace {

using object::array;
using object::boolean;
using object::integer;
using object::object;
using object::string;

object::Schema listener_schema() {
  return object(
      "A port at the site's address.",
      {{"name", name_field("Unique among the layer's listeners.")},
       {"port", integer("The port that the site listens on.").between(1, 65535)},
       {"nodePort", integer("The Service's nodePort that it is balanced to.").between(30000, 32767)}},
      {"name", "port", "nodePort"});
}

object::Schema content_schema() {
  return object(
      "What the layer brings: one bundle, or objects written here.",
      {{"bundle", string("A signed bundle, as name@sha256:digest.")
                      .matching("^[a-z0-9][-a-z0-9._]*@sha256:[0-9a-f]{64}$")
                      .at_most(512)},
       {"inline",
        array("Kubernetes objects. ${name} in their strings stands for a variable; $${ is a literal ${.",
              object::any_object("An object."))
            .at_least(1)
            .at_most(500)},
       {"image", string("For the layer types os and vm, which are not supported yet.").at_most(512)}});
}

object::Schema layer_schema() {
  return object(
      "One layer of the stack.",
      {{"name", name_field("Unique in the profile; the layer keeps its objects by it.")},
       {"type", string("What kind of layer it is. os and vm are reserved and not supported yet.")
                    .one_of({"kubernetes", "manifests", "os", "vm"})},
       {"dependsOn", array("Earlier layers that must be healthy before this one is changed. Without a value: "
                           "all earlier ones.",
                           name_field("A layer's name."))
                         .at_most(kLayersMax)
                         .as_set()},
       {"distribution", string("kubernetes: what brings the cluster up.").one_of({"kubeadm"})},
       {"version", string("kubernetes: the exact version, as v1.35.4.")
                       .matching("^v[0-9]+\\.[0-9]+\\.[0-9]+$")
                       .at_most(32)},
       {"podSubnet",
        string("kubernetes: the Pods' addresses. Without a value: 10.244.0.0/16.").matching(kSubnetPattern)},
       {"serviceSubnet", string("kubernetes: the Services' addresses. Without a value: 10.96.0.0/16.")
                             .matching(kSubnetPattern)},
       {"apiPort", integer("kubernetes: the site's port of the Kubernetes API. Without a value: 6443.")
                       .between(1, 65535)},
       {"listeners", array("kubernetes: the ports that the site listens on for its apps.", listener_schema())
                         .at_most(64)
                         .as_map_by({"name"})},
       {"content", content_schema()},
       {"allowPull",
        boolean("manifests: let nodes pull images that no bundle contains from their registries.")},
       {"enforcement", string("What the site does when the layer drifts: repair it, or only report it. "
                              "Without a value: enforce.")
                           .one_of({"enforce", "report"})},
       {"progressDeadlineSeconds",
        integer("So long a changed layer may take, since anything of the plan last became healthy; then the "
                "site gives the plan up. Only time counts in which the host has power and the content is "
                "there. Without a value: 600, for kubernetes 1800.")
            .between(kProgressDeadlineSecondsMin, kProgressDeadlineSecondsMax)},
       {"rollback", string("When a plan that changes the layer is given up: Automatic: the site goes back to "
                           "the last good plan, every layer of it. Hold: it stops and waits for a person, "
                           "for layers that migrate data. Without a value: Automatic.")
                        .one_of({"Automatic", "Hold"})}},
      {"name", "type"});
}

object::Schema spec_schema() {
  return object(
      "The stack.",
      {{"variables", variables_schema()},
       {"layers",
        array("From the ground up.", layer_schema()).at_least(1).at_most(kLayersMax).as_map_by({"name"})},
       {"sharedWith", array("Other namespaces whose sites may use this profile.", name_field("A namespace."))
                          .at_most(1000)
                          .as_set()}},
      {"layers"});
}

object::Schema status_schema() {
  return object("What became of the profile.",
                {observed_generation(),
                 {"conditions", object::conditions("Ready: the newest spec is frozen as a revision.")},
                 {"latestRevision", integer("The number of the newest revision.").at_least(1)},
                 {"latestRevisionName", string("Its ClusterProfileRevision.").at_most(253)}});
}

std::vector<ErrorCause> validate(const json::Value*, const json::Value& object) {
  const auto* spec = json::find_object(object, "spec");
  auto causes = spec == nullptr ? std::vector<ErrorCause>() : check_profile_spec(*spec);
  // "-<revision>" is added to it for the names of revisions.
  if (const auto name = object::name_of(object); name.size() > 200)
    causes.push_back(object::field_too_long("metadata.name", 200));
  return causes;
}

}  // namespace

object::Schema variables_schema() {
  return array(
             "What sites may, or must, choose.",
             object("One variable.",
                    {{"name", string("A letter or _, then letters, digits or _.")
                                  .matching("^[A-Za-z_][A-Za-z0-9_]*$")
                                  .at_most(63)},
                     {"type", string("string, integer or boolean.")
                                  .one_of({"string", "integer", "boolean"})
                                  .defaults_to("string")},
                     {"description", string("For the person who fills it in.").at_most(1024)},
                     {"pattern",
                      string("string: a regular expression (RE2) that the value must match.").at_most(1024)},
                     {"enum",
                      array("The only values allowed.", object::anything("A value of the variable's type."))
                          .at_least(1)
                          .at_most(100)},
                     {"required", boolean("Every site must set it.").defaults_to(false)},
                     {"default", object::anything("For sites that do not set it.")},
                     {"sensitive", boolean("Sites give it by secretRef only; it travels sealed to the site's "
                                           "hosts and is shown nowhere.")
                                       .defaults_to(false)}},
                    {"name"}))
      .at_most(kVariablesMax)
      .as_map_by({"name"});
}

object::KindDescriptor cluster_profile_kind() {
  auto kind =
      our_kind("ClusterProfile", "clusterprofiles", {"cprof"},
               "A full stack in layers, from Kubernetes to apps, that sites run. Every change is frozen "
               "as a numbered ClusterProfileRevision.");
  kind.schema = object("", {{"spec", spec_schema()}, {"status", status_schema()}}, {"spec"});
  kind.columns = {
      condition_column("Ready", "Whether the newest spec is frozen as a revision."),
      {.name = "Revision",
       .type = "integer",
       .json_path = ".status.latestRevision",
       .description = "The newest revision."},
      {.name = "Layers", .json_path = ".spec.layers[*].name", .description = "Its layers.", .priority = 1},
      message_column("Ready"),
      age_column()};
  kind.validate = validate;
  return kind;
}

}  // namespace farholm::profile
