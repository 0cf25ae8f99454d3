// `farholm root init`: makes the keys of every role and the root.json that names them. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/world.h"

namespace farholm::cli {

struct RootInitOptions {
  std::string folder;
  int years = 10;  // until root.json expires; what was accepted stays accepted
};

// Writes root.json and {root,plan,pki,publisher,access}.key into the folder. Gives what to tell the user.
Result<std::string> root_init(const io::World& world, const RootInitOptions& options);

}  // namespace farholm::cli
