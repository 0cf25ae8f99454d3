#include "profile/cluster_profile.h"
#include "profile/kinds.h"
#include "profile/schema_parts.h"

namespace farholm::profile {

namespace {

using object::array;
using object::integer;
using object::object;
using object::string;

object::Schema layer_schema() {
  return object(
      "A layer, frozen.",
      {{"name", name_field("As in the profile.")},
       {"type", string("As in the profile.").one_of({"kubernetes", "manifests"})},
       {"blob", digest_field("The layer's content.")},
       {"sizeBytes", integer("The content's size.").at_least(0)},
       {"dependsOn", array("As in the profile.", name_field("A layer's name.")).at_most(kLayersMax).as_set()},
       {"enforcement", string("As in the profile.").one_of({"enforce", "report"})},
       {"progressDeadlineSeconds",
        integer("As in the profile.").between(kProgressDeadlineSecondsMin, kProgressDeadlineSecondsMax)},
       {"rollback", string("As in the profile.").one_of({"Automatic", "Hold"})},
       {"variables", array("The variables that the layer refers to.", string("A name.").at_most(63))
                         .at_most(kVariablesMax)
                         .as_set()}},
      {"name", "type", "blob", "sizeBytes"});
}

object::Schema spec_schema() {
  return object(
      "One state of a ClusterProfile. Never changes.",
      {{"profile", string("The ClusterProfile's name.").at_least(1).at_most(253)},
       {"revision", integer("Counts from 1.").at_least(1)},
       {"variables", variables_schema()},
       {"layers",
        array("From the ground up.", layer_schema()).at_least(1).at_most(kLayersMax).as_map_by({"name"})}},
      {"profile", "revision", "layers"});
}

}  // namespace

object::KindDescriptor cluster_profile_revision_kind() {
  auto kind =
      our_kind("ClusterProfileRevision", "clusterprofilerevisions", {"cpr"},
               "An immutable, numbered state of a ClusterProfile with every image resolved to a digest. "
               "Made by the hub.");
  kind.schema = object("", {{"spec", spec_schema()}}, {"spec"});
  kind.status_subresource = false;
  kind.immutable = true;
  kind.verbs = {"delete", "get", "list", "watch"};
  kind.columns = {
      {.name = "Profile", .json_path = ".spec.profile", .description = "Whose state it is."},
      {.name = "Revision", .type = "integer", .json_path = ".spec.revision", .description = "Counts from 1."},
      {.name = "Layers", .json_path = ".spec.layers[*].name", .description = "Its layers.", .priority = 1},
      {.name = "Age",
       .type = "date",
       .json_path = ".metadata.creationTimestamp",
       .description = "Since it was frozen."}};
  kind.selectable_fields = {".spec.profile"};
  return kind;
}

}  // namespace farholm::profile
