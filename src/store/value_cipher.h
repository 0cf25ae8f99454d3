// What stands between a value and the disk. The durable store encrypts every value; the names of objects are
// plain. An interface, so that the store does not know who keeps the key. One thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farholm::store {

class ValueCipher {
 public:
  virtual ~ValueCipher() = default;
  // `context` (key and revision of the entry) is authenticated, not stored: a value that is moved to another
  // row does not open.
  virtual Result<std::vector<std::byte>> seal(std::span<const std::byte> plain, std::string_view context) = 0;
  // An error when the bytes were not sealed with this key and context, or were changed.
  virtual Result<std::vector<std::byte>> open(std::span<const std::byte> sealed,
                                              std::string_view context) = 0;
};

}  // namespace farholm::store
