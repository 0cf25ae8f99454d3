// A connected socket (or a pipe's end) as a Stream. Internal to io/posix.
#pragma once

#include "io/event.h"
#include "io/posix/descriptor.h"
#include "io/posix/poller.h"
#include "io/stream.h"

namespace farholm::io::posix {

class SocketStream final : public Stream, private Watcher {
 public:
  struct Options {
    bool pipe = false;  // read and write instead of recv and send
    bool ready = true;  // false: still connecting, writable() waits for the outcome
  };
  // Takes a non-blocking descriptor.
  static Result<std::unique_ptr<SocketStream>> make(Loop& loop, EpollPoller& poller, Descriptor descriptor,
                                                    Options options);
  ~SocketStream() override;

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override;
  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override;
  Task<void> readable() override;
  Task<void> writable() override;
  Result<void> shutdown_write() override;

  int descriptor() const { return descriptor_.get(); }

 private:
  SocketStream(Loop& loop, EpollPoller& poller, Descriptor descriptor, Options options);
  void ready(bool readable, bool writable) override;

  EpollPoller& poller_;
  Descriptor descriptor_;
  bool pipe_;
  // Set until the kernel has said EAGAIN; set again by the next edge.
  Event readable_;
  Event writable_;
};

}  // namespace farholm::io::posix
