#include "io/posix/socket_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace farholm::io::posix {

Result<std::unique_ptr<SocketStream>> SocketStream::make(Loop& loop, EpollPoller& poller,
                                                         Descriptor descriptor, Options options) {
  std::unique_ptr<SocketStream> stream(new SocketStream(loop, poller, std::move(descriptor), options));
  if (auto added = poller.add(stream->descriptor_.get(), *stream); !added) {
    stream->descriptor_.reset();
    return std::unexpected(std::move(added).error());
  }
  return stream;
}

SocketStream::SocketStream(Loop& loop, EpollPoller& poller, Descriptor descriptor, Options options)
    : poller_(poller),
      descriptor_(std::move(descriptor)),
      pipe_(options.pipe),
      readable_(loop, options.ready),
      writable_(loop, options.ready) {}

SocketStream::~SocketStream() {
  if (descriptor_.valid()) poller_.remove(descriptor_.get(), *this);
}

void SocketStream::ready(bool readable, bool writable) {
  if (readable) readable_.set();
  if (writable) writable_.set();
}

Result<std::optional<std::size_t>> SocketStream::try_read(std::span<std::byte> into) {
  while (true) {
    const ssize_t count = pipe_ ? ::read(descriptor_.get(), into.data(), into.size())
                                : ::recv(descriptor_.get(), into.data(), into.size(), 0);
    if (count >= 0) return std::optional(static_cast<std::size_t>(count));
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      readable_.clear();
      return std::optional<std::size_t>();
    }
    return fail_errno("the connection was lost", errno);
  }
}

Result<std::optional<std::size_t>> SocketStream::try_write(std::span<const std::byte> bytes) {
  while (true) {
    const ssize_t count = pipe_ ? ::write(descriptor_.get(), bytes.data(), bytes.size())
                                : ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return std::optional(static_cast<std::size_t>(count));
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      writable_.clear();
      return std::optional<std::size_t>();
    }
    return fail_errno("the connection was lost", errno);
  }
}

Task<void> SocketStream::readable() {
  co_await readable_.wait();
}
Task<void> SocketStream::writable() {
  co_await writable_.wait();
}

Result<void> SocketStream::shutdown_write() {
  if (::shutdown(descriptor_.get(), SHUT_WR) != 0 && errno != ENOTCONN) {
    return fail_errno("cannot end the connection", errno);
  }
  return {};
}

}  // namespace farholm::io::posix
