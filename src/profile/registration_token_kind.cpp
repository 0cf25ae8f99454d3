#include "object/metadata.h"
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
  return object("Whom the token lets in.",
                {{"expires", timestamp("From then on it is refused. Without a value: never.")},
                 {"maxHosts",
                  integer("How many different hosts may join with it.").between(1, 1'000'000).defaults_to(1)},
                 {"revoked", object::boolean("Refuse it from now on.").defaults_to(false)},
                 {"machineIDs", array("Only machines with these IDs; empty: any.",
                                      string("A machine ID.").at_least(1).at_most(128))
                                    .at_most(10'000)
                                    .as_set()},
                 {"hostLabels", object::map_of("Labels that every host gets that joins with it.",
                                               string("A value.").at_most(63))
                                    .at_most(64)}});
}

object::Schema status_schema() {
  return object(
      "What became of the token.",
      {observed_generation(),
       {"conditions", object::conditions("Ready: false with the reason Expired, UsedUp or Revoked.")},
       {"secretName", string("The Secret, in the same namespace, whose key `token` holds the token: "
                             "the text that one gives to the agent.")
                          .at_most(253)},
       {"tokenID", string("The public first part of the token.").at_most(64)},
       {"usedHosts", integer("How many hosts joined with it.").at_least(0)},
       {"lastUsed", timestamp("When a host last joined with it.")}});
}

std::vector<ErrorCause> validate(const json::Value*, const json::Value& object) {
  std::vector<ErrorCause> causes;
  const auto* labels = json::find_path(object, {"spec", "hostLabels"});
  if (labels == nullptr || !labels->is_object()) return causes;
  for (const auto& [key, value] : labels->items()) {
    const std::string path = "spec.hostLabels";
    if (auto problem = object::label_key_problem(key); !problem.empty())
      causes.push_back(object::field_invalid(path, key, problem));
    if (!value.is_string()) continue;
    if (auto problem = object::label_value_problem(value.get_ref<const std::string&>()); !problem.empty())
      causes.push_back(object::field_invalid(path, value, problem));
  }
  return causes;
}

}  // namespace

object::KindDescriptor registration_token_kind() {
  auto kind =
      our_kind("RegistrationToken", "registrationtokens", {"rt"},
               "Lets hosts join this namespace without an operator's approval. The hub makes the secret "
               "part and puts the whole token into a Secret.");
  kind.schema = object("", {{"spec", spec_schema()}, {"status", status_schema()}});
  kind.columns = {condition_column("Ready", "Whether a host could join with it now."),
                  {.name = "Used",
                   .type = "integer",
                   .json_path = ".status.usedHosts",
                   .description = "Hosts that joined with it."},
                  {.name = "Max",
                   .type = "integer",
                   .json_path = ".spec.maxHosts",
                   .description = "Hosts that may join with it."},
                  {.name = "Expires", .json_path = ".spec.expires", .description = "When it ends."},
                  {.name = "Secret",
                   .json_path = ".status.secretName",
                   .description = "Where the token itself is.",
                   .priority = 1},
                  age_column()};
  kind.validate = validate;
  return kind;
}

}  // namespace farholm::profile
