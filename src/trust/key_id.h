// Keys as root.json writes them (TUF 1.0, 4.2), and the names that follow from them. Pure; any thread.
#pragma once

#include <string>

#include "crypto/key.h"
#include "json/json.h"

namespace farholm::trust {

json::Value key_to_json(const crypto::PublicKey& key);
// Invalid for a type or scheme that we do not know; other members are refused, so that one key has one ID.
Result<crypto::PublicKey> key_from_json(const json::Value& value);
// SHA-256 over the canonical JSON of the key, 64 hexadecimal digits.
std::string key_id(const crypto::PublicKey& key);

}  // namespace farholm::trust
