#include "profile/digest.h"

#include "crypto/digest.h"

namespace farholm::profile {

std::string digest_of(std::string_view bytes) {
  return crypto::Digest::of(bytes).to_string();
}

}  // namespace farholm::profile
