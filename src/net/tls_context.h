// What is behind TlsChannels: OpenSSL's types and what its callbacks need. Internal to net.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "net/tls.h"

namespace farholm::net {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using SslCtxPtr = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpensslFree<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, OpensslFree<BIO_meth_free>>;

// One generation of a side's configuration: immutable, shared by the connections that began with it.
struct TlsConfig {
  bool server = false;
  io::ClientCertificates client_certificates = io::ClientCertificates::None;
  bool accept_expired = false;
  bool judged_by_trust = true;  // false: anyone, or the pin alone
  std::vector<io::SpkiSha256> pinned;
  std::string alpn_wire;  // as in RFC 7301: each name behind its length
  BioMethodPtr bio_method;
  SslCtxPtr context;
};

Result<std::shared_ptr<const TlsConfig>> make_tls_config(const io::SecureServerOptions& options);
Result<std::shared_ptr<const TlsConfig>> make_tls_config(const io::SecureClientOptions& options);

// tls_stream.cpp: takes the stream through the handshake. A server needs no name.
io::Task<Result<std::unique_ptr<io::SecureStream>>> open_tls_stream(io::Loop& loop, const io::Clock& clock,
                                                                    std::shared_ptr<const TlsConfig> config,
                                                                    std::unique_ptr<io::Stream> stream,
                                                                    std::string server_name);
BioMethodPtr make_stream_bio_method();
// Empties OpenSSL's queue of this thread and gives its first message.
std::string take_openssl_error();
Result<io::SpkiSha256> spki_sha256(X509* certificate);

}  // namespace farholm::net
