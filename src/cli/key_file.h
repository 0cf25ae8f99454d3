// Private keys in PEM files. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/key.h"
#include "io/files.h"

namespace farholm::cli {

// The message names the file and never holds key material.
Result<crypto::PrivateKey> read_key(io::Files& files, const std::string& path);
// AlreadyExists when there is a file, whatever it holds.
Result<void> require_no_key(io::Files& files, const std::string& path);
// AlreadyExists rather than to overwrite a key: mode 0600.
Result<void> write_new_key(io::Files& files, const std::string& path, const crypto::PrivateKey& key);
// A text file of the user's, with a limit that no honest one reaches.
Result<std::string> read_text(io::Files& files, const std::string& path);

}  // namespace farholm::cli
