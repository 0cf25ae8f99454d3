#include "object/metadata.h"

namespace farholm::object {

namespace {

const json::Value* meta(const json::Value& object, std::string_view member) {
  const auto* metadata = json::find(object, "metadata");
  return metadata ? json::find(*metadata, member) : nullptr;
}

std::string meta_string(const json::Value& object, std::string_view member) {
  const auto* value = meta(object, member);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace

std::string name_of(const json::Value& object) {
  return meta_string(object, "name");
}
std::string namespace_of(const json::Value& object) {
  return meta_string(object, "namespace");
}
std::string uid_of(const json::Value& object) {
  return meta_string(object, "uid");
}
const json::Value* labels_of(const json::Value& object) {
  return meta(object, "labels");
}

std::string annotation_of(const json::Value& object, std::string_view key) {
  const auto* annotations = meta(object, "annotations");
  return annotations ? json::string_or(*annotations, key) : std::string();
}

std::int64_t generation_of(const json::Value& object) {
  const auto* value = meta(object, "generation");
  return value && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

bool is_being_deleted(const json::Value& object) {
  return !meta_string(object, "deletionTimestamp").empty();
}

std::vector<std::string> finalizers_of(const json::Value& object) {
  std::vector<std::string> finalizers;
  if (const auto* list = meta(object, "finalizers"); list && list->is_array())
    for (const auto& one : *list)
      if (one.is_string()) finalizers.push_back(one.get<std::string>());
  return finalizers;
}

json::Value& metadata_of(json::Value& object) {
  auto& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = json::Value::object();
  return metadata;
}

json::Value owner_reference(const json::Value& owner, bool controller) {
  return {{"apiVersion", json::string_or(owner, "apiVersion")},
          {"kind", json::string_or(owner, "kind")},
          {"name", name_of(owner)},
          {"uid", uid_of(owner)},
          {"controller", controller},
          {"blockOwnerDeletion", controller}};
}

json::Value partial_metadata(const json::Value& object, std::string_view api_version) {
  json::Value partial = {{"kind", "PartialObjectMetadata"}, {"apiVersion", api_version}};
  const auto* metadata = json::find_object(object, "metadata");
  partial["metadata"] = metadata ? *metadata : json::Value::object();
  return partial;
}

const Schema& object_meta_schema() {
  static const Schema schema = [] {
    Schema reference =
        object("A reference to an object that owns this one.",
               {{"apiVersion", string("API version of the owner.")},
                {"kind", string("Kind of the owner.")},
                {"name", string("Name of the owner.")},
                {"uid", string("UID of the owner.")},
                {"controller", boolean("Whether the owner is the managing controller.")},
                {"blockOwnerDeletion", boolean("Whether the owner waits for this object to be gone.")}},
               {"apiVersion", "kind", "name", "uid"});
    Schema entry =
        object("Which fields one writer set.", {{"manager", string("Who wrote.")},
                                                {"operation", string("Apply or Update.")},
                                                {"apiVersion", string("The version that the fields are of.")},
                                                {"time", timestamp("When.")},
                                                {"fieldsType", string("FieldsV1.")},
                                                {"fieldsV1", any_object("The fields.")},
                                                {"subresource", string("The subresource written through.")}});
    return object(
        "Standard object metadata.",
        {{"annotations", map_of("Values for tools and people; not for selecting.", string("A value."))},
         {"creationTimestamp", timestamp("When the object was created; set by the server.").or_null()},
         {"deletionGracePeriodSeconds", integer("How long it may take to end; set by the server.").or_null()},
         {"deletionTimestamp", timestamp("When deletion was asked for; set by the server.").or_null()},
         {"finalizers", array("What must be done before the object goes.", string("A finalizer.")).as_set()},
         {"generateName", string("A prefix from which the server makes a name when there is none.")},
         {"generation", integer("Counts the changes of the desired state; set by the server.")},
         {"labels", map_of("Values to organise and select objects by.", string("A value."))},
         {"managedFields", array("Who set which fields; kept by the server.", std::move(entry))},
         {"name", string("Unique in its namespace; cannot be changed.")},
         {"namespace", string("Where names are unique; cannot be changed.")},
         {"ownerReferences",
          array("The objects that this one depends on.", std::move(reference)).as_map_by({"uid"})},
         {"resourceVersion", string("The version of the object in the store; opaque to clients.")},
         {"selfLink", string("Not used any more.")},
         {"uid", string("Unique in time and space; set by the server.")}});
  }();
  return schema;
}

}  // namespace farholm::object
