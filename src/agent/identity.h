// Who this host is: a signing key that is its identity, and a sealing key to which secrets are sealed. Made
// at the first start, kept with mode 0600, never sent anywhere. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/key.h"
#include "crypto/sealing.h"
#include "io/entropy.h"
#include "io/files.h"

namespace farholm::agent {

struct Identity {
  crypto::PrivateKey key;
  crypto::SealingKey sealing;

  // "sha256:…" of the public key: what an EdgeHost is known by.
  std::string key_digest() const { return key.public_key().digest().to_string(); }
};

// Reads the identity or, when there is none, makes one. Invalid when the file is there and cannot be read: a
// host must not become another by accident, so a person decides (the message says how).
Result<Identity> open_identity(io::Files& files, io::Entropy& entropy, const std::string& path);

}  // namespace farholm::agent
