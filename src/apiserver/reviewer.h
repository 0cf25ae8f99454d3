// Reviewer: answers a kind that is asked and not kept, as Kubernetes' SubjectAccessReview: `create` is its
// only verb, its spec is the question, its status the answer, and nothing is stored. On the loop's thread.
#pragma once

#include <string>

#include "apiserver/user.h"
#include "io/task.h"
#include "json/json.h"
#include "object/status.h"

namespace farholm::apiserver {

class Reviewer {
 public:
  virtual ~Reviewer() = default;
  // The status. `review` has passed its schema, and the user may create it in `name_space`; whatever else the
  // answer would show him, the reviewer asks about. Dropped when the client goes away.
  virtual io::Task<object::Answer<json::Value>> review(User user, std::string name_space,
                                                       json::Value review) = 0;
};

}  // namespace farholm::apiserver
