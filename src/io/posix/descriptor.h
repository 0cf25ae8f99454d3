// A file descriptor that closes itself, and errno as an Error.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace farholm::io::posix {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  void reset();

 private:
  int number_ = -1;
};

// `what` is the beginning of a sentence: "cannot open /etc/machine-id".
std::unexpected<Error> fail_errno(std::string what, int error_number);

}  // namespace farholm::io::posix
