// Strategic merge patch, for the built-in kinds (apimachinery, pkg/util/strategicpatch): lists whose schema
// is a set or a map are merged, directives ($patch, $deleteFromPrimitiveList, $setElementOrder, $retainKeys)
// are obeyed. Pure; any thread.
#pragma once

#include "base/result.h"
#include "json/json.h"
#include "object/schema.h"

namespace farholm::object {

// BadRequest for a patch that contradicts itself; `target` is then left half-way and must be thrown away.
Result<void> apply_strategic_merge_patch(const Schema& schema, json::Value& target, const json::Value& patch);

}  // namespace farholm::object
