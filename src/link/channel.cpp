#include "link/channel.h"

#include <array>

#include "base/encoding.h"

namespace farholm::link {

io::Task<Result<Frame>> Channel::receive() {
  std::array<std::byte, 4096> buffer{};
  while (true) {
    FARHOLM_CO_TRY(auto frame, decoder_.next());
    if (frame) co_return std::move(*frame);
    FARHOLM_CO_TRY(const std::size_t count, co_await io::read_some(*stream_, buffer));
    if (count == 0) co_return fail(ErrorCode::Gone, "the other end has closed the link");
    decoder_.feed(std::span(buffer).first(count));
  }
}

Result<void> Channel::send(const Frame& frame) {
  FARHOLM_TRY(const auto bytes, encode(frame));
  if (unsent_.size() + bytes.size() > kUnsentBytesMax) {
    return fail(ErrorCode::ServiceUnavailable, "the other end of the link does not read");
  }
  unsent_ += bytes;
  queued_.set();
  return {};
}

io::Task<Result<void>> Channel::pump() {
  while (true) {
    co_await queued_.wait();
    queued_.clear();
    const std::string bytes = std::exchange(unsent_, {});
    FARHOLM_CO_CHECK(co_await io::write_all(*stream_, as_bytes(bytes)));
  }
}

}  // namespace farholm::link
