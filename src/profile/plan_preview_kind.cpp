#include <fmt/format.h>

#include "object/validation.h"
#include "profile/kinds.h"
#include "profile/schema_parts.h"

namespace farholm::profile {

namespace {

using object::any_object;
using object::array;
using object::boolean;
using object::integer;
using object::object;
using object::string;

constexpr std::size_t kNamesMax = 1000;

object::Schema spec_schema() {
  return object(
      "What to look ahead at.",
      {{"objects",
        array("ClusterProfiles and Sites as one would give them to `kubectl apply`: what they say is put "
              "upon what is there. One without a namespace is of the preview's. Whoever may apply an object "
              "may preview it.",
              any_object("A ClusterProfile or a Site."))
            .at_least(1)
            .at_most(kPreviewObjectsMax)},
       {"sites",
        array("Only these Sites of the preview's namespace. Without any: each Site among the objects, "
              "and each that uses a ClusterProfile among them.",
              string("A Site's name.").at_least(1).at_most(253))
            .at_most(kNamesMax)
            .as_set()}},
      {"objects"});
}

object::Schema effect_field(std::string description) {
  return string(std::move(description)).one_of({"NoOp", "Reload", "Restart", "Reboot", "Rebuild"});
}

object::Schema reason_schema() {
  return object("One thing that differs.",
                {{"object", string("\"Deployment till/till\"; empty: the layer itself.")},
                 {"field", string("Its field; empty: the whole object.")},
                 {"effect", effect_field("The effect of this alone.")},
                 {"text", string("\"changes\", \"is added\", \"is removed\".")}},
                {"effect", "text"});
}

object::Schema layer_schema() {
  return object(
      "A layer.",
      {{"name", string("As in the profile.")},
       {"type", string("As in the profile.")},
       {"change", string("Against the Site's newest plan.").one_of({"Same", "Changed", "Added", "Removed"})},
       {"effect", effect_field("The gravest of the reasons'. Absent for a layer that stays the same.")},
       {"reasons", array("What differs, the gravest first; never a value.", reason_schema())}},
      {"name", "type", "change"});
}

object::Schema group_schema() {
  return object(
      "Sites for which it would be alike.",
      {{"sites",
        array("Which ones; the first of them where there are many.",
              object("A Site.", {{"namespace", string("Its namespace.")}, {"name", string("Its name.")}},
                     {"namespace", "name"}))},
       {"siteCount", integer("How many they are.").at_least(1)},
       {"change", string("Same: every layer stays. Added: a Site that has no plan yet.")
                      .one_of({"Same", "Changed", "Added"})},
       {"effect", effect_field("The gravest of the layers'.")},
       {"paused", boolean("The Sites are paused: they keep the plan that they have.")},
       {"problem", string("Why no plan can be made with it: the Sites keep the plan that they have.")},
       {"layers", array("In their order; those that are removed last.", layer_schema())}},
      {"sites", "siteCount", "change"});
}

object::Schema status_schema() {
  return object(
      "What would come of it.",
      {{"revisions", array("The ClusterProfiles among the objects.",
                           object("A ClusterProfile.",
                                  {{"namespace", string("Its namespace.")},
                                   {"name", string("Its name.")},
                                   {"before", integer("Its newest revision now; 0: none.").at_least(0)},
                                   {"after", integer("Its newest revision then.").at_least(1)}},
                                  {"namespace", "name", "before", "after"}))},
       {"siteCount", integer("Sites that were looked at.").at_least(0)},
       {"changedSiteCount",
        integer("Those of which a layer would change, or which could not be planned.").at_least(0)},
       {"omittedSiteCount",
        integer("Sites that are in no group: beyond what one answer holds, or not for the asker to read.")
            .at_least(0)},
       {"truncated", boolean("Reasons were left out because the answer would have been too large.")},
       {"groups", array("The gravest first.", group_schema())}},
      {"siteCount", "changedSiteCount", "omittedSiteCount", "groups"});
}

std::vector<ErrorCause> validate(const json::Value*, const json::Value& preview) {
  std::vector<ErrorCause> causes;
  const auto* objects = json::find_path(preview, {"spec", "objects"});
  if (objects == nullptr || !objects->is_array()) return causes;
  for (std::size_t i = 0; i < objects->size(); ++i) {
    const auto& one = (*objects)[i];
    const auto path = object::index_path("spec.objects", i);
    if (const auto version = json::string_or(one, "apiVersion"); version != kApiVersion)
      causes.push_back(
          object::field_not_supported(path + ".apiVersion", version, {std::string(kApiVersion)}));
    if (const auto kind = json::string_or(one, "kind"); kind != "ClusterProfile" && kind != "Site")
      causes.push_back(object::field_not_supported(path + ".kind", kind, {"ClusterProfile", "Site"}));
    const auto* metadata = json::find_object(one, "metadata");
    if (metadata == nullptr || json::string_or(*metadata, "name").empty())
      causes.push_back(object::field_required(path + ".metadata.name"));
  }
  return causes;
}

}  // namespace

object::KindDescriptor plan_preview_kind() {
  auto kind =
      our_kind("PlanPreview", "planpreviews", {},
               "Asks what applying ClusterProfiles and Sites would do, Site by Site and layer by layer, "
               "before it is done. Answered at once in `status` and stored nowhere, as Kubernetes' "
               "SubjectAccessReview; `farholm diff` asks with it.");
  kind.categories = {};
  kind.schema = object("", {{"spec", spec_schema()}, {"status", status_schema()}}, {"spec"});
  kind.status_subresource = false;
  kind.verbs = {"create"};
  kind.columns = {{.name = "Sites",
                   .type = "integer",
                   .json_path = ".status.siteCount",
                   .description = "Sites that were looked at."},
                  {.name = "Changed",
                   .type = "integer",
                   .json_path = ".status.changedSiteCount",
                   .description = "Those that would change."},
                  {.name = "Effect",
                   .json_path = ".status.groups[0].effect",
                   .description = "The gravest effect of all."}};
  kind.validate = validate;
  return kind;
}

}  // namespace farholm::profile
