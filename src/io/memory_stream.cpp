#include "io/memory_stream.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "io/event.h"

namespace farholm::io {
namespace {

// One direction.
struct Pipe {
  Pipe(Loop& loop, std::size_t capacity) : capacity_bytes(capacity), readable(loop), writable(loop, true) {}
  std::size_t capacity_bytes;
  std::string bytes;
  bool ended = false;   // nothing more will be written
  bool unread = false;  // nobody will read
  Event readable;
  Event writable;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override {
    out_->ended = true;
    out_->readable.set();
    in_->unread = true;
    in_->bytes.clear();
    in_->writable.set();
  }

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override {
    if (in_->bytes.empty()) {
      if (in_->ended) return std::optional<std::size_t>(0);
      in_->readable.clear();
      return std::optional<std::size_t>();
    }
    const auto count = std::min(into.size(), in_->bytes.size());
    std::memcpy(into.data(), in_->bytes.data(), count);
    in_->bytes.erase(0, count);
    in_->writable.set();
    return std::optional(count);
  }

  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override {
    if (out_->ended) return fail(ErrorCode::InternalError, "written to after the end");
    if (out_->unread)
      return fail(ErrorCode::ServiceUnavailable, "the connection was lost: its peer has closed it");
    const auto count = std::min(bytes.size(), out_->capacity_bytes - out_->bytes.size());
    if (count == 0 && !bytes.empty()) {
      out_->writable.clear();
      return std::optional<std::size_t>();
    }
    out_->bytes.append(reinterpret_cast<const char*>(bytes.data()), count);
    out_->readable.set();
    return std::optional(count);
  }

  Task<void> readable() override { co_await in_->readable.wait(); }
  Task<void> writable() override { co_await out_->writable.wait(); }

  Result<void> shutdown_write() override {
    out_->ended = true;
    out_->readable.set();
    return {};
  }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(Loop& loop,
                                                                                std::size_t capacity_bytes) {
  auto there = std::make_shared<Pipe>(loop, capacity_bytes);
  auto back = std::make_shared<Pipe>(loop, capacity_bytes);
  return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
}

}  // namespace farholm::io
