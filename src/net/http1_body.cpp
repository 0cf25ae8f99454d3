#include "net/http1_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"

namespace farholm::net::http1 {
namespace {

constexpr std::size_t kFirstBytes = 4 << 10;
// Framing is read through the buffer in pieces of this size; data goes straight to its reader.
constexpr std::size_t kChunkBufferBytes = 8 << 10;

std::unexpected<Error> cut_off() {
  return fail(ErrorCode::ServiceUnavailable, "the connection ended in the middle of a message");
}

}  // namespace

void InputBuffer::consume(std::size_t count) {
  FARHOLM_ASSERT(count <= size());
  begin_ += count;
  if (empty()) {
    storage_.clear();
    begin_ = 0;
  }
}

void InputBuffer::release() {
  if (!empty()) return;
  std::string().swap(storage_);
  begin_ = 0;
}

std::string InputBuffer::take() {
  std::string left(bytes());
  std::string().swap(storage_);
  begin_ = 0;
  return left;
}

Result<std::optional<std::size_t>> InputBuffer::try_fill(std::size_t size_max) {
  FARHOLM_ASSERT(size() < size_max);
  storage_.erase(0, begin_);
  begin_ = 0;
  const auto had = storage_.size();
  // Doubles as it fills, so that a short message costs little.
  const auto room = std::min(size_max, std::max(kFirstBytes, had * 2));
  storage_.resize(room);
  auto count = stream_.try_read(std::as_writable_bytes(std::span(storage_).subspan(had)));
  storage_.resize(had + (count && *count ? **count : 0));
  return count;
}

io::Task<Result<std::size_t>> InputBuffer::fill(std::size_t size_max) {
  while (true) {
    FARHOLM_CO_TRY(const auto count, try_fill(size_max));
    if (count) co_return *count;
    release();
    co_await stream_.readable();
  }
}

io::Task<Result<std::string_view>> read_head(InputBuffer& input, std::size_t bytes_max) {
  std::size_t searched = 0;
  while (true) {
    if (const auto end = find_head_end(input.bytes(), searched)) {
      if (*end <= bytes_max) co_return input.bytes().substr(0, *end);
    }
    if (input.size() >= bytes_max) {
      co_return fail(ErrorCode::RequestEntityTooLarge,
                     fmt::format("the head of the message is longer than {} bytes", bytes_max));
    }
    FARHOLM_CO_TRY(const auto count, co_await input.fill(bytes_max));
    if (count == 0) {
      if (input.empty()) co_return std::string_view();
      co_return cut_off();
    }
  }
}

io::Task<Result<std::size_t>> FramedBody::read(std::span<std::byte> into) {
  if (finished_ || into.empty()) co_return std::size_t{0};
  if (framing_.kind == Framing::Kind::Chunked) co_return co_await read_chunked(into);
  co_return co_await read_plain(into);
}

io::Task<Result<std::size_t>> FramedBody::read_plain(std::span<std::byte> into) {
  const bool counted = framing_.kind == Framing::Kind::Length;
  if (counted && framing_.length < into.size()) into = into.first(static_cast<std::size_t>(framing_.length));
  std::size_t count = std::min(into.size(), input_.size());
  if (count > 0) {
    std::memcpy(into.data(), input_.bytes().data(), count);
    input_.consume(count);
  } else {
    input_.release();
    FARHOLM_CO_TRY(count, co_await io::read_some(input_.stream(), into));
    if (count == 0) {
      if (counted) co_return cut_off();
      finished_ = true;
    }
  }
  if (counted) {
    framing_.length -= count;
    finished_ = framing_.length == 0;
  }
  co_return count;
}

io::Task<Result<std::size_t>> FramedBody::read_chunked(std::span<std::byte> into) {
  while (true) {
    FARHOLM_CO_TRY(const auto step, chunks_.step(as_bytes(input_.bytes()), into.size()));
    const auto count = step.data.size();
    if (count > 0) std::memcpy(into.data(), step.data.data(), count);
    input_.consume(step.consumed);  // the data is gone with it
    if (count > 0) co_return count;
    if (chunks_.finished()) {
      finished_ = true;
      co_return std::size_t{0};
    }
    if (input_.empty()) {
      FARHOLM_CO_TRY(const auto filled, co_await input_.fill(kChunkBufferBytes));
      if (filled == 0) co_return cut_off();
    }
  }
}

}  // namespace farholm::net::http1
