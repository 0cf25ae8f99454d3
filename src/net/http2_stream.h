// One stream of an HTTP/2 server connection: a request, its handler, and the two directions of data between
// the handler and nghttp2. Internal to net.
#pragma once

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>

#include "io/event.h"
#include "net/server_state.h"

namespace farholm::net {

class Http2ServerConnection;

// About what a request costs beside its head: its stream here and in nghttp2, its handler's coroutines.
inline constexpr std::size_t kStreamBytes = 8 << 10;

class Http2Stream final : public Exchange, private BodyReader {
 public:
  Http2Stream(Http2ServerConnection& connection, std::int32_t id);
  ~Http2Stream() override;

  // Exchange.
  const Request& request() const override { return request_; }
  const Peer& peer() const override;
  BodyReader& body() override { return *this; }
  io::Task<Result<std::string>> read_body(std::uint64_t limit_bytes) override;
  io::Task<Result<void>> respond(Response response) override;
  io::Task<Result<void>> begin(Response head) override;
  io::Task<Result<void>> write(std::string_view bytes) override;
  io::Task<Result<void>> end() override;
  bool answered() const override { return phase_ != Phase::Waiting; }
  io::Task<Result<std::unique_ptr<io::Stream>>> upgrade(Response head) override;

  // For the connection, as the request arrives.
  void add_header(std::string_view name, std::string_view value, const ServerOptions& options);
  void add_data(std::string_view bytes);
  void end_data();
  void start();
  // nghttp2 has no such stream any more. True when the handler is to be dropped.
  bool close(bool orderly);
  bool running() const { return running_; }
  bool closed() const { return closed_; }
  std::size_t head_bytes() const { return head_bytes_; }

 private:
  enum class Phase : std::uint8_t { Waiting, Streaming, Ended, Failed };

  io::Task<Result<std::size_t>> read(std::span<std::byte> into) override;
  io::Task<void> handle();
  Response answer_without_handler() const;
  // Of the memory that the requests of all connections may take.
  void charge(std::size_t bytes);
  void discharge(std::size_t bytes);
  void forget_inbound();
  Result<void> submit_head(Response& head, bool with_body);
  io::Task<Result<void>> push(std::string_view bytes, bool last);
  void reset(std::uint32_t error_code);
  static ssize_t provide(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t length,
                         std::uint32_t* flags, nghttp2_data_source* source, void*);

  Http2ServerConnection& connection_;
  std::int32_t id_;
  Request request_;
  std::size_t head_bytes_ = 0;
  bool head_too_large_ = false;
  bool too_busy_ = false;
  std::uint64_t charged_ = 0;  // of the server's memory for requests
  BodyBudget budget_;

  std::string inbound_;  // at most the stream's window
  bool inbound_ended_ = false;
  io::Event inbound_changed_;

  std::string_view outbound_;  // what push() is handing over
  bool outbound_last_ = false;
  bool cut_off_ = false;         // what we would send is too much to hold any longer
  bool outbound_ended_ = false;  // nghttp2 has been told the end
  io::Event outbound_taken_;

  Phase phase_ = Phase::Waiting;
  bool no_body_ = false;
  bool data_follows_ = false;  // the head was not the whole answer
  bool closed_ = false;
  bool running_ = false;
  bool handled_ = false;  // the handler has ended
  io::Task<void> task_;   // the handler's; goes first
};

}  // namespace farholm::net
