// A folder of blobs as an OCI layout keeps them (`blobs/sha256/<hex>`): what `farholm plan` writes and
// `farholm-agent run --content` reads. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "io/files.h"

namespace farholm::cli {

// Nothing is written when it is there.
Result<crypto::Digest> put_blob(io::Files& files, const std::string& folder, std::string_view bytes);
// From the first of the folders that has it right; NotFound else. At most 4 MiB.
Result<std::string> read_blob(io::Files& files, const std::vector<std::string>& folders,
                              const crypto::Digest& digest);

}  // namespace farholm::cli
