// How this module names content: "sha256:" and the hash in hexadecimal. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace farholm::profile {

std::string digest_of(std::string_view bytes);

}  // namespace farholm::profile
