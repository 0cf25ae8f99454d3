#include "driver/docker/output_demux.h"

#include <algorithm>

namespace farholm::driver::docker {
namespace {
constexpr std::size_t kHeadBytes = 8;
constexpr unsigned char kStderr = 2;
}  // namespace

Result<void> OutputDemux::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (remaining_ == 0) {
      const std::size_t take = std::min(kHeadBytes - head_.size(), bytes.size());
      head_.append(bytes.substr(0, take));
      bytes.remove_prefix(take);
      if (head_.size() < kHeadBytes) return {};
      const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(head_[index]); };
      if (byte(0) > kStderr || byte(1) != 0 || byte(2) != 0 || byte(3) != 0)
        return fail(ErrorCode::BadRequest, "Docker Engine sent output in a form that we do not know");
      to_err_ = byte(0) == kStderr;
      remaining_ = static_cast<std::uint32_t>(byte(4)) << 24U | static_cast<std::uint32_t>(byte(5)) << 16U |
                   static_cast<std::uint32_t>(byte(6)) << 8U | byte(7);
      head_.clear();
      continue;
    }
    const std::size_t take = std::min<std::size_t>(remaining_, bytes.size());
    std::string& into = to_err_ ? err_ : out_;
    into.append(bytes.substr(0, std::min(take, bytes_max_ - into.size())));
    bytes.remove_prefix(take);
    remaining_ -= static_cast<std::uint32_t>(take);
  }
  return {};
}

}  // namespace farholm::driver::docker
