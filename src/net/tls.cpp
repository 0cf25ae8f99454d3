#include "net/tls.h"

#include "net/tls_context.h"

namespace farholm::net {
namespace {

class TlsServer final : public io::SecureServer {
 public:
  TlsServer(io::Loop& loop, const io::Clock& clock, std::shared_ptr<const TlsConfig> config)
      : loop_(loop), clock_(clock), config_(std::move(config)) {}

  io::Task<Result<std::unique_ptr<io::SecureStream>>> accept(std::unique_ptr<io::Stream> stream) override {
    return open_tls_stream(loop_, clock_, config_, std::move(stream), {});
  }
  Result<void> reload(const io::SecureServerOptions& options) override {
    FARHOLM_TRY(config_, make_tls_config(options));
    return {};
  }

 private:
  io::Loop& loop_;
  const io::Clock& clock_;
  std::shared_ptr<const TlsConfig> config_;
};

class TlsClient final : public io::SecureClient {
 public:
  TlsClient(io::Loop& loop, const io::Clock& clock, std::shared_ptr<const TlsConfig> config)
      : loop_(loop), clock_(clock), config_(std::move(config)) {}

  io::Task<Result<std::unique_ptr<io::SecureStream>>> connect(std::unique_ptr<io::Stream> stream,
                                                              std::string server_name) override {
    return open_tls_stream(loop_, clock_, config_, std::move(stream), std::move(server_name));
  }
  Result<void> reload(const io::SecureClientOptions& options) override {
    FARHOLM_TRY(config_, make_tls_config(options));
    return {};
  }

 private:
  io::Loop& loop_;
  const io::Clock& clock_;
  std::shared_ptr<const TlsConfig> config_;
};

}  // namespace

Result<std::unique_ptr<io::SecureServer>> TlsChannels::make_server(const io::SecureServerOptions& options) {
  FARHOLM_TRY(auto config, make_tls_config(options));
  return std::make_unique<TlsServer>(loop_, clock_, std::move(config));
}

Result<std::unique_ptr<io::SecureClient>> TlsChannels::make_client(const io::SecureClientOptions& options) {
  FARHOLM_TRY(auto config, make_tls_config(options));
  return std::make_unique<TlsClient>(loop_, clock_, std::move(config));
}

}  // namespace farholm::net
