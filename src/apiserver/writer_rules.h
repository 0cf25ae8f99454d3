// The rules of writing that need no store: what the server fills in, carries over and refuses. Pure; only for
// the writer.
#pragma once

#include <string>

#include "apiserver/kinds.h"
#include "object/status.h"

namespace farholm::apiserver {

// Fails unless the object names the version, the UID and the name that are there.
object::Answer<void> check_identity(const object::KindDescriptor& kind, const json::Value& old,
                                    const json::Value& changed, bool version_required);

// What only the server writes is as it was; `subresource` says what else is.
void carry_over(const object::KindDescriptor& kind, const std::string& subresource, const json::Value& old,
                json::Value& changed);

// Raises metadata.generation when something beside metadata and status is different.
void count_generation(const object::KindDescriptor& kind, const json::Value& old, json::Value& changed);

// 403 for new content in a namespace that is going.
object::Failure namespace_terminating(const object::KindDescriptor& kind, const std::string& name,
                                      const std::string& name_space);
// "default" and the namespaces that the server needs cannot be deleted.
bool is_protected_namespace(const std::string& name);

}  // namespace farholm::apiserver
