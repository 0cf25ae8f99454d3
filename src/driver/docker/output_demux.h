// The output of a command as the engine sends it: stdout and stderr in one stream, in frames of an 8-byte
// head (stream number, three zeros, length as a big-endian 32-bit number) and that many bytes (Engine API,
// "Attach to a container", stream format). Keeps at most a limit of each and drops the rest, so that a
// chatty command costs no memory. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace farholm::driver::docker {

class OutputDemux {
 public:
  explicit OutputDemux(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // BadRequest for what is not such a frame.
  Result<void> feed(std::string_view bytes);
  // Whether the stream may end here: not within a frame.
  bool at_boundary() const { return head_.empty() && remaining_ == 0; }

  std::string& out() { return out_; }
  std::string& err() { return err_; }

 private:
  std::size_t bytes_max_;
  std::string head_;  // of the next frame, as far as it has come
  std::uint32_t remaining_ = 0;
  bool to_err_ = false;
  std::string out_;
  std::string err_;
};

}  // namespace farholm::driver::docker
