// TlsStream over a BIO whose reads are try_read and whose writes always succeed: what the stream below does
// not take is kept (one record, or a flight of the handshake) and flushed by a coroutine of its own. So no
// SSL_write is ever repeated, and no SSL_read waits for room to write.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "io/event.h"
#include "net/tls_context.h"

namespace farholm::net {
namespace {

// A TLS record's plaintext (RFC 8446 §5.1); one SSL_write makes one record.
constexpr std::size_t kRecordBytesMax = 16 << 10;
// More than a record and a handshake's flight never wait honestly; a peer that makes us answer (key updates)
// and does not read is cut off here.
constexpr std::size_t kUnsentBytesMax = 64 << 10;

// Any of the numbers left to applications (BIO_get_new_index(3)); nothing looks for it.
constexpr int kBioType = 0xff | BIO_TYPE_SOURCE_SINK;

class TlsStream final : public io::SecureStream {
 public:
  TlsStream(io::Loop& loop, std::shared_ptr<const TlsConfig> config, std::unique_ptr<io::Stream> stream)
      : config_(std::move(config)), stream_(std::move(stream)), sent_(loop, true) {
    ssl_.reset(SSL_new(config_->context.get()));
    auto* bio = BIO_new(config_->bio_method.get());
    FARHOLM_ASSERT(ssl_ && bio);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
  }

  ~TlsStream() override {
    closing_ = true;
    flusher_.reset();
    if (established_ && !failed_ && unsent_.empty()) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
      ERR_clear_error();
    }
  }

  Result<void> prepare(const io::Clock& clock, const std::string& server_name);
  io::Task<Result<void>> handshake();

  Result<std::optional<std::size_t>> try_read(std::span<std::byte> into) override;
  Result<std::optional<std::size_t>> try_write(std::span<const std::byte> bytes) override;
  io::Task<void> readable() override {
    if (read_blocked_) co_await stream_->readable();
  }
  io::Task<void> writable() override { co_await (unsent_.empty() ? stream_->writable() : wait_sent()); }
  Result<void> shutdown_write() override;

  const std::optional<io::ChannelPeer>& peer() const override { return peer_; }
  const std::string& alpn() const override { return alpn_; }

  // For the BIO.
  int bio_read(BIO* bio, char* into, int length);
  int bio_write(const char* bytes, int length);
  bool ended() const { return ended_; }

 private:
  static int verify(int ok, X509_STORE_CTX* store);
  io::Task<void> wait_sent() { co_await sent_.wait(); }
  io::Task<void> flush();
  Result<void> take_peer();
  std::unexpected<Error> failure(std::string_view doing);

  std::shared_ptr<const TlsConfig> config_;
  std::unique_ptr<io::Stream> stream_;
  SslPtr ssl_;
  std::optional<io::ChannelPeer> peer_;
  std::string alpn_;
  std::optional<Error> stream_error_;
  std::string unsent_;
  io::Event sent_;  // set while nothing is unsent
  io::Task<void> flusher_;
  io::ChannelPeer::Trust trust_ = io::ChannelPeer::Trust::Trusted;
  bool read_blocked_ = false;
  bool ended_ = false;  // the stream below has ended
  bool established_ = false;
  bool failed_ = false;
  bool closing_ = false;
  bool flushing_ = false;
  bool shutdown_ = false;
};

TlsStream& stream_of(BIO* bio) {
  return *static_cast<TlsStream*>(BIO_get_data(bio));
}

bool is_ip_address(const std::string& name) {
  auto* address = a2i_IPADDRESS(name.c_str());
  ERR_clear_error();
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

int TlsStream::bio_read(BIO* bio, char* into, int length) {
  auto count = stream_->try_read(std::as_writable_bytes(std::span(into, static_cast<std::size_t>(length))));
  if (!count) {
    stream_error_ = std::move(count).error();
    return -1;
  }
  if (!*count) {
    BIO_set_retry_read(bio);
    return -1;
  }
  if (**count == 0) ended_ = true;
  return static_cast<int>(**count);
}

int TlsStream::bio_write(const char* bytes, int length) {
  if (stream_error_) return -1;
  std::string_view rest(bytes, static_cast<std::size_t>(length));
  while (unsent_.empty() && !rest.empty()) {
    auto count = stream_->try_write(std::as_bytes(std::span(rest)));
    if (!count) {
      stream_error_ = std::move(count).error();
      return -1;
    }
    if (!*count) break;
    rest.remove_prefix(**count);
  }
  if (rest.empty() || closing_) return length;
  if (unsent_.size() + rest.size() > kUnsentBytesMax) {
    stream_error_ =
        Error{.code = ErrorCode::ServiceUnavailable, .message = "the peer does not read what it asks for"};
    return -1;
  }
  unsent_ += rest;
  sent_.clear();
  if (!flushing_) {
    flushing_ = true;
    flusher_ = flush();
    flusher_.start();
  }
  return length;
}

io::Task<void> TlsStream::flush() {
  while (!unsent_.empty()) {
    co_await stream_->writable();
    auto count = stream_->try_write(std::as_bytes(std::span(unsent_)));
    if (!count) {
      stream_error_ = std::move(count).error();
      unsent_.clear();
    } else if (*count) {
      unsent_.erase(0, **count);
    }
  }
  unsent_.shrink_to_fit();
  if (shutdown_ && !stream_error_) (void)stream_->shutdown_write();
  flushing_ = false;
  sent_.set();
}

std::unexpected<Error> TlsStream::failure(std::string_view doing) {
  failed_ = true;
  if (stream_error_) {
    ERR_clear_error();
    return std::unexpected(*stream_error_);
  }
  const auto verified = SSL_get_verify_result(ssl_.get());
  std::string why = take_openssl_error();
  if (verified != X509_V_OK && !established_) {
    why =
        fmt::format("the peer's certificate is not acceptable: {}", X509_verify_cert_error_string(verified));
  }
  if (ended_) why = "the peer closed the connection";
  return fail(ErrorCode::ServiceUnavailable, fmt::format("{}: {}", doing, why));
}

Result<std::optional<std::size_t>> TlsStream::try_read(std::span<std::byte> into) {
  if (failed_) return fail(ErrorCode::ServiceUnavailable, "the TLS connection has failed");
  if (into.empty()) return std::optional<std::size_t>(0);
  ERR_clear_error();
  std::size_t count = 0;
  const int outcome = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  read_blocked_ = false;
  if (outcome == 1) return std::optional(count);
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_ZERO_RETURN:
      return std::optional<std::size_t>(0);
    case SSL_ERROR_WANT_READ:
      read_blocked_ = true;
      return std::optional<std::size_t>();
    default:
      // Also an end without close_notify: the peer's message may have been cut off.
      return failure("reading over TLS failed");
  }
}

Result<std::optional<std::size_t>> TlsStream::try_write(std::span<const std::byte> bytes) {
  if (shutdown_) return fail(ErrorCode::InternalError, "written to after the end");
  if (failed_ || stream_error_) return failure("writing over TLS failed");
  if (bytes.empty()) return std::optional<std::size_t>(0);
  if (!unsent_.empty()) return std::optional<std::size_t>();
  ERR_clear_error();
  std::size_t count = 0;
  if (SSL_write_ex(ssl_.get(), bytes.data(), std::min(bytes.size(), kRecordBytesMax), &count) != 1) {
    return failure("writing over TLS failed");
  }
  return std::optional(count);
}

Result<void> TlsStream::shutdown_write() {
  if (std::exchange(shutdown_, true)) return {};
  if (failed_) return failure("ending a TLS connection failed");
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) < 0) return failure("ending a TLS connection failed");
  if (unsent_.empty()) return stream_->shutdown_write();
  return {};
}

int TlsStream::verify(int ok, X509_STORE_CTX* store) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& self = *static_cast<TlsStream*>(SSL_get_app_data(ssl));
  if (ok == 1) return 1;
  const auto& config = *self.config_;
  using Trust = io::ChannelPeer::Trust;
  if (config.server && config.accept_expired && X509_STORE_CTX_get_error_depth(store) == 0 &&
      X509_STORE_CTX_get_error(store) == X509_V_ERR_CERT_HAS_EXPIRED) {
    self.trust_ = std::min(self.trust_, Trust::Expired);
    return 1;
  }
  const bool judged_above =
      config.server ? config.client_certificates == io::ClientCertificates::Request : !config.judged_by_trust;
  if (!judged_above) return 0;
  self.trust_ = Trust::Untrusted;
  return 1;
}

Result<void> TlsStream::prepare(const io::Clock& clock, const std::string& server_name) {
  auto* ssl = ssl_.get();
  auto* parameters = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_time(
      parameters, std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count());
  if (config_->server) {
    SSL_set_accept_state(ssl);
    int mode = SSL_VERIFY_NONE;
    if (config_->client_certificates != io::ClientCertificates::None) mode = SSL_VERIFY_PEER;
    if (config_->client_certificates == io::ClientCertificates::Require)
      mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_set_verify(ssl, mode, verify);
    return {};
  }
  SSL_set_connect_state(ssl);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, verify);
  const bool address = is_ip_address(server_name);
  if (!address && !server_name.empty()) SSL_set_tlsext_host_name(ssl, server_name.c_str());
  if (!config_->judged_by_trust) return {};
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str())
                          : X509_VERIFY_PARAM_set1_host(parameters, server_name.c_str(), server_name.size());
  if (set != 1 || server_name.empty()) {
    return fail(ErrorCode::BadRequest, "the name that the server's certificate must have is missing");
  }
  return {};
}

io::Task<Result<void>> TlsStream::handshake() {
  while (true) {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_.get());
    if (outcome == 1) break;
    if (SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ) {
      co_return failure("the TLS handshake failed");
    }
    co_await stream_->readable();
  }
  FARHOLM_CO_CHECK(take_peer());
  established_ = true;
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  if (name != nullptr) alpn_.assign(reinterpret_cast<const char*>(name), length);
  co_return Result<void>{};
}

Result<void> TlsStream::take_peer() {
  const X509Ptr leaf(SSL_get1_peer_certificate(ssl_.get()));
  if (!leaf) return {};
  if (!config_->pinned.empty()) {
    FARHOLM_TRY(const auto digest, spki_sha256(leaf.get()));
    if (std::ranges::find(config_->pinned, digest) == config_->pinned.end()) {
      failed_ = true;
      return fail(ErrorCode::ServiceUnavailable,
                  "the TLS handshake failed: the server's key is not the one that is expected");
    }
  }
  io::ChannelPeer peer;
  peer.trust = config_->server || config_->judged_by_trust || !config_->pinned.empty()
                   ? trust_
                   : io::ChannelPeer::Trust::Untrusted;
  if (!config_->server && !config_->judged_by_trust && !config_->pinned.empty()) {
    peer.trust = io::ChannelPeer::Trust::Trusted;
  }
  unsigned char* der = nullptr;
  const int length = i2d_X509(leaf.get(), &der);
  FARHOLM_ASSERT(length > 0);
  peer.der.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);

  const BioPtr pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(pem.get(), leaf.get());
  // A server's view of the chain leaves the leaf out, a client's does not (SSL_get_peer_cert_chain(3)).
  auto* chain = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = config_->server ? 0 : 1; chain != nullptr && i < sk_X509_num(chain); ++i) {
    PEM_write_bio_X509(pem.get(), sk_X509_value(chain, i));
  }
  char* text = nullptr;
  const long text_length = BIO_get_mem_data(pem.get(), &text);
  peer.chain_pem.assign(text, static_cast<std::size_t>(text_length));
  peer_ = std::move(peer);
  return {};
}

long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return stream_of(bio).ended() ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace

BioMethodPtr make_stream_bio_method() {
  BioMethodPtr method(BIO_meth_new(kBioType, "farholm io::Stream"));
  BIO_meth_set_read(method.get(), [](BIO* bio, char* into, int length) {
    BIO_clear_retry_flags(bio);
    return stream_of(bio).bio_read(bio, into, length);
  });
  BIO_meth_set_write(method.get(), [](BIO* bio, const char* bytes, int length) {
    BIO_clear_retry_flags(bio);
    return stream_of(bio).bio_write(bytes, length);
  });
  BIO_meth_set_ctrl(method.get(), bio_control);
  return method;
}

io::Task<Result<std::unique_ptr<io::SecureStream>>> open_tls_stream(io::Loop& loop, const io::Clock& clock,
                                                                    std::shared_ptr<const TlsConfig> config,
                                                                    std::unique_ptr<io::Stream> stream,
                                                                    std::string server_name) {
  auto tls = std::make_unique<TlsStream>(loop, std::move(config), std::move(stream));
  FARHOLM_CO_CHECK(tls->prepare(clock, server_name));
  FARHOLM_CO_CHECK(co_await tls->handshake());
  co_return std::unique_ptr<io::SecureStream>(std::move(tls));
}

}  // namespace farholm::net
