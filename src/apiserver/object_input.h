// From the bytes of a request to an object that may be stored: decode, prune, default, validate. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apiserver/kinds.h"
#include "apiserver/negotiation.h"
#include "apiserver/options.h"

namespace farholm::apiserver {

// The object of a body, of this kind and version. Members that come twice are named in `strict`.
object::Answer<json::Value> decode_object(const object::KindDescriptor& kind, BodyType type,
                                          std::string_view body, std::vector<std::string>& strict);
// Any body as JSON: for options and reviews.
object::Answer<json::Value> decode_body(BodyType type, std::string_view body,
                                        std::vector<std::string>& strict);

// Prunes what nobody knows (naming it in `strict`), fills in defaults, and refuses metadata of the wrong
// types.
object::Answer<void> shape_object(const object::KindDescriptor& kind, json::Value& object,
                                  std::vector<std::string>& strict);

// What `strict` means under the asked-for validation: an error, warnings, or nothing.
object::Answer<std::vector<std::string>> judge_strictness(const object::KindDescriptor& kind,
                                                          FieldValidation validation,
                                                          const std::vector<std::string>& strict);

// Runs the kind's prepare, then all that can be wrong with it; Invalid with every cause.
object::Answer<void> complete_and_validate(const object::KindDescriptor& kind, const json::Value* old,
                                           json::Value& object);

}  // namespace farholm::apiserver
