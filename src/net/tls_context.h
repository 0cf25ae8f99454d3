// What is behind TlsContext: OpenSSL's types and what its callbacks need. Internal to net.
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

// One generation of a context: immutable, shared by the connections that began with it.
struct TlsConfig {
  bool server = false;
  ClientCertificates client_certificates = ClientCertificates::None;
  bool accept_expired = false;
  bool judged_by_trust = true;  // false: anyone, or the pin alone
  std::vector<SpkiSha256> pinned;
  std::string alpn_wire;  // as in RFC 7301: each name behind its length
  BioMethodPtr bio_method;
  SslCtxPtr context;
};

struct TlsContext::Impl {
  const io::Clock& clock;
  std::shared_ptr<const TlsConfig> config;
};

// Made in tls_stream.cpp.
BioMethodPtr make_stream_bio_method();
// Empties OpenSSL's queue of this thread and gives its first message.
std::string take_openssl_error();
Result<SpkiSha256> spki_sha256(X509* certificate);

}  // namespace farholm::net
