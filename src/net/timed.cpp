#include "net/timed.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "io/scope.h"

namespace farholm::net {
namespace {

constexpr io::Duration kFlushTime = std::chrono::seconds(5);
constexpr io::Duration kLingerTime = std::chrono::seconds(1);
constexpr std::size_t kLingerBytesMax = 1 << 20;

io::Task<bool> then_true(io::Task<void> task) {
  co_await std::move(task);
  co_return true;
}
io::Task<bool> sleep_for(io::Loop& loop, io::Duration duration) {
  co_await loop.sleep(duration);
  co_return true;
}

io::Task<void> discard(io::Loop& loop, io::Stream& stream) {
  std::array<std::byte, 2048> unread;
  std::size_t total = 0;
  while (total < kLingerBytesMax) {
    const auto count = stream.try_read(unread);
    if (!count || *count == std::size_t{0}) co_return;
    if (*count) {
      total += **count;
      co_await loop.yield();
    } else {
      co_await stream.readable();
    }
  }
}

class PrefixedStream final : public io::Stream {
 public:
  PrefixedStream(std::string prefix, std::unique_ptr<io::Stream> stream)
      : prefix_(std::move(prefix)), stream_(std::move(stream)) {}

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override {
    if (prefix_.empty()) return stream_->try_read(into);
    const auto count = std::min(into.size(), prefix_.size());
    std::memcpy(into.data(), prefix_.data(), count);
    prefix_.erase(0, count);
    return std::optional(count);
  }
  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override {
    return stream_->try_write(bytes);
  }
  io::Task<void> readable() override {
    if (prefix_.empty()) co_await stream_->readable();
  }
  io::Task<void> writable() override { return stream_->writable(); }
  Result<void> shutdown_write() override { return stream_->shutdown_write(); }

 private:
  std::string prefix_;
  std::unique_ptr<io::Stream> stream_;
};

}  // namespace

io::Task<bool> ends_within(io::Loop& loop, io::Duration limit, io::Task<void> task) {
  const auto outcome =
      co_await io::first_of<bool, bool>(loop, then_true(std::move(task)), sleep_for(loop, limit));
  co_return outcome.index() == 0;
}

io::Task<Result<void>> write_within(io::Loop& loop, io::Stream& stream, std::span<const std::byte> bytes,
                                    io::Duration limit, std::function<void()> progressed) {
  while (!bytes.empty()) {
    FARHOLM_CO_TRY(const auto count, stream.try_write(bytes));
    if (count) {
      bytes = bytes.subspan(*count);
      if (progressed && !bytes.empty()) progressed();
    } else if (!co_await ends_within(loop, limit, stream.writable())) {
      co_return fail(ErrorCode::Timeout, "the peer has not taken anything for too long");
    }
  }
  co_return Result<void>{};
}

io::Task<void> close_gently(io::Loop& loop, std::unique_ptr<io::Stream> stream) {
  if (!co_await ends_within(loop, kFlushTime, stream->writable())) co_return;
  if (!stream->shutdown_write()) co_return;
  (void)co_await ends_within(loop, kLingerTime, discard(loop, *stream));
}

std::unique_ptr<io::Stream> with_prefix(std::string prefix, std::unique_ptr<io::Stream> stream) {
  if (prefix.empty()) return stream;
  return std::make_unique<PrefixedStream>(std::move(prefix), std::move(stream));
}

}  // namespace farholm::net
