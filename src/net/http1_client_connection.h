// One HTTP/1.1 connection of a client: sends a request, reads its response. Internal to net.
#pragma once

#include <memory>
#include <optional>

#include "net/client.h"
#include "net/http1_body.h"

namespace farholm::net {

class Http1ClientConnection final {
 public:
  Http1ClientConnection(io::Loop& loop, std::unique_ptr<io::Stream> stream)
      : loop_(loop), stream_(std::move(stream)), input_(*stream_) {}

  // Sends all and waits for the head of the answer; 1xx other than 101 are passed over. A server that answers
  // before it has read the whole request is listened to, and the connection is not used again.
  io::Task<Result<Response>> exchange(Request request, BodyReader* body,
                                      std::optional<std::uint64_t> body_length, http1::HeadLimits limits);

  // Of the last exchange.
  bool answer_began() const { return answer_began_; }
  http1::FramedBody& body() { return *body_; }
  // Whether another request may follow: the answer is read to its end and nobody wants to close.
  bool reusable() const { return keep_alive_ && body_ && body_->finished() && input_.empty(); }

  // Whether a pooled connection is still good: nothing came, above all no end.
  bool quiet();

  std::unique_ptr<io::Stream> take_stream();

 private:
  io::Task<Result<bool>> send(const Request& request, BodyReader* body, bool chunked,
                              std::optional<std::uint64_t> body_length);
  io::Task<Result<Response>> receive(const std::string& method, http1::HeadLimits limits);

  io::Loop& loop_;
  std::unique_ptr<io::Stream> stream_;
  http1::InputBuffer input_;
  std::optional<http1::FramedBody> body_;
  bool answer_began_ = false;
  bool keep_alive_ = false;
};

}  // namespace farholm::net
