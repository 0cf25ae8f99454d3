#include "link/channel.h"

#include <array>

#include "base/encoding.h"
#include "io/scope.h"

namespace farholm::link {

namespace {

constexpr std::size_t kReadBytes = 4 << 10;

io::Task<Result<bool>> then_true(io::Task<void> task) {
  co_await std::move(task);
  co_return true;
}

}  // namespace

io::Task<Result<Frame>> Channel::receive() {
  FARHOLM_CO_TRY(const auto raw, co_await receive_raw());
  co_return parse_frame(raw);
}

io::Task<Result<RawFrame>> Channel::receive_raw() {
  std::array<std::byte, kReadBytes> buffer{};
  while (true) {
    // A peer that always has more to say must not keep the loop from everybody else.
    co_await loop_.yield();
    FARHOLM_CO_TRY(auto frame, decoder_.next_raw());
    if (frame) co_return std::move(*frame);
    FARHOLM_CO_TRY(const std::size_t count, co_await io::read_some(*stream_, buffer));
    if (count == 0) co_return fail(ErrorCode::Gone, "the other end has closed the link");
    decoder_.feed(std::span(buffer).first(count));
  }
}

Result<void> Channel::send(const Frame& frame) {
  FARHOLM_TRY(const auto bytes, encode(frame));
  if (unsent_.size() + bytes.size() > limits_.unsent_bytes_max) {
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
    auto left = as_bytes(bytes);
    while (!left.empty()) {
      FARHOLM_CO_TRY(const auto count, stream_->try_write(left));
      if (count) {
        left = left.subspan(*count);
      } else {
        FARHOLM_CO_CHECK(co_await io::with_deadline<bool>(loop_, limits_.write_timeout,
                                                          "the other end of the link does not read",
                                                          then_true(stream_->writable())));
      }
    }
  }
}

}  // namespace farholm::link
