// Which machine this is, as far as it can tell: a claim, not an identity (real boards share UUIDs). One
// thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/files.h"

namespace farholm::agent {

// DMI's product UUID, else /etc/machine-id, lower case; both below `sysroot` ("" for the real one). NotFound
// with what to do when neither can be read.
Result<std::string> machine_id(io::Files& files, const std::string& sysroot);

}  // namespace farholm::agent
