#include "profile/admit.h"

#include <fmt/format.h>

#include "object/metadata.h"
#include "object/structure.h"
#include "object/validation.h"

namespace farholm::profile {

Result<json::Value> admit(const object::KindDescriptor& kind, json::Value object) {
  if (!object.is_object() || json::string_or(object, "kind") != kind.kind ||
      json::string_or(object, "apiVersion") != kind.api_version())
    return fail(ErrorCode::BadRequest, fmt::format("expected an object with apiVersion: {} and kind: {}",
                                                   kind.api_version(), kind.kind));
  std::vector<ErrorCause> causes;
  for (const auto& field : object::prune(kind.schema, object))
    causes.push_back(object::field_forbidden(field, "there is no such field"));
  object::apply_defaults(kind.schema, object);
  for (auto& cause : object::validate(kind.schema, object, "")) causes.push_back(std::move(cause));
  if (object::name_of(object).empty()) causes.push_back(object::field_required("metadata.name"));
  // Rules may count on the schema.
  if (causes.empty() && kind.validate) causes = kind.validate(nullptr, object);
  if (causes.empty()) return object;
  Error error{.code = ErrorCode::Invalid,
              .message = fmt::format("{} {} is not valid", kind.kind, object::name_of(object))};
  for (const auto& cause : causes) error.message += fmt::format("; {}: {}", cause.field, cause.message);
  error.causes = std::move(causes);
  return std::unexpected(std::move(error));
}

}  // namespace farholm::profile
