#include "net/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/encoding.h"

namespace farholm::net {
namespace {

// A peer's chain may not be longer than this; OpenSSL's default is 100 KiB.
constexpr long kPeerChainBytesMax = 32 << 10;

BioPtr memory_bio(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks a terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

// Of lines that begin ("BEGIN") or end ("END") a certificate, also damaged ones. OpenSSL's reader passes over
// what it does not take for a beginning, so that a chain or a list of CAs would be shorter than it looks.
std::size_t count_lines(std::string_view pem, std::string_view mark) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < pem.size();) {
    const auto end = std::min(pem.find('\n', at), pem.size());
    const auto line = pem.substr(at, end - at);
    if (line.starts_with('-') && line.contains(mark) && line.contains("CERTIFICATE")) ++count;
    at = end + 1;
  }
  return count;
}

Result<std::vector<X509Ptr>> parse_certificates(const std::string& pem, std::string_view what) {
  std::vector<X509Ptr> certificates;
  auto bio = memory_bio(pem);
  while (auto* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const auto last = ERR_peek_last_error();
  const bool ended = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended || certificates.empty()) {
    return fail(ErrorCode::BadRequest, fmt::format("{} must be certificates in PEM", what));
  }
  for (const auto* mark : {"BEGIN", "END"}) {
    if (const auto lines = count_lines(pem, mark); lines != certificates.size()) {
      return fail(
          ErrorCode::BadRequest,
          fmt::format("{} must be certificates in PEM: {} lines say {} CERTIFICATE, and {} certificates can "
                      "be read; is a line damaged or missing?",
                      what, lines, mark, certificates.size()));
    }
  }
  return certificates;
}

Result<void> use_identity(SSL_CTX* context, const io::ChannelIdentity& identity) {
  FARHOLM_TRY(const auto chain, parse_certificates(identity.chain_pem, "the certificate chain"));
  auto bio = memory_bio(identity.key_pem);
  const PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    return fail(ErrorCode::BadRequest,
                "the private key must be PEM without a passphrase: " + take_openssl_error());
  }
  bool taken = SSL_CTX_use_certificate(context, chain.front().get()) == 1;
  for (std::size_t i = 1; taken && i < chain.size(); ++i)
    taken = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  if (!taken) return fail(ErrorCode::BadRequest, "the certificate cannot be used: " + take_openssl_error());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return fail(ErrorCode::BadRequest,
                "the private key does not belong to the certificate: " + take_openssl_error());
  }
  return {};
}

Result<void> trust(SSL_CTX* context, const std::string& pem) {
  FARHOLM_TRY(const auto anchors, parse_certificates(pem, "the trusted CAs"));
  auto* store = SSL_CTX_get_cert_store(context);
  for (const auto& anchor : anchors) {
    if (X509_STORE_add_cert(store, anchor.get()) != 1) {
      return fail(ErrorCode::BadRequest, "a trusted CA cannot be used: " + take_openssl_error());
    }
  }
  // What we are told to trust is an anchor, also when it is an intermediate of a larger PKI.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Result<std::string> alpn_to_wire(const std::vector<std::string>& names) {
  std::string wire;
  for (const auto& name : names) {
    if (name.empty() || name.size() > 255)
      return fail(ErrorCode::BadRequest, "an ALPN name has 1 to 255 bytes");
    wire.push_back(static_cast<char>(name.size()));
    wire += name;
  }
  return wire;
}

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                unsigned int offered_length, void* argument) {
  const auto& ours = static_cast<const TlsConfig*>(argument)->alpn_wire;
  unsigned char* selected = nullptr;
  const int outcome =
      SSL_select_next_proto(&selected, out_length, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), offered, offered_length);
  *out = selected;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Result<std::shared_ptr<TlsConfig>> make_config(bool server, io::TlsVersion minimum,
                                               const std::vector<std::string>& alpn) {
  auto config = std::make_shared<TlsConfig>();
  config->server = server;
  FARHOLM_TRY(config->alpn_wire, alpn_to_wire(alpn));
  config->bio_method = make_stream_bio_method();
  config->context.reset(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  FARHOLM_ASSERT(config->bio_method && config->context);
  auto* context = config->context.get();
  SSL_CTX_set_min_proto_version(context, minimum == io::TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  // For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_cert_list(context, kPeerChainBytesMax);
  if (server && !config->alpn_wire.empty()) SSL_CTX_set_alpn_select_cb(context, select_alpn, config.get());
  if (!server && !config->alpn_wire.empty()) {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(config->alpn_wire.data()),
                            static_cast<unsigned int>(config->alpn_wire.size()));
  }
  return config;
}

}  // namespace

std::string take_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no details";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", code);
}

Result<io::SpkiSha256> spki_sha256(X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return fail(ErrorCode::BadRequest, "the certificate's public key cannot be read");
  io::SpkiSha256 digest{};
  EVP_Digest(der, static_cast<std::size_t>(length), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return digest;
}

Result<io::SpkiSha256> spki_sha256_of_pem(const std::string& certificate_pem) {
  FARHOLM_TRY(const auto chain, parse_certificates(certificate_pem, "the certificate"));
  return spki_sha256(chain.front().get());
}

Result<std::shared_ptr<const TlsConfig>> make_tls_config(const io::SecureServerOptions& options) {
  FARHOLM_TRY(auto config, make_config(/*server=*/true, options.minimum, options.alpn));
  FARHOLM_CHECK(use_identity(config->context.get(), options.identity));
  config->client_certificates = options.client_certificates;
  config->accept_expired = options.accept_expired;
  if (!options.trusted_pem.empty()) {
    FARHOLM_CHECK(trust(config->context.get(), options.trusted_pem));
  } else if (options.client_certificates == io::ClientCertificates::Require) {
    return fail(ErrorCode::BadRequest, "requiring client certificates needs the CAs that issue them");
  }
  return std::shared_ptr<const TlsConfig>(std::move(config));
}

Result<std::shared_ptr<const TlsConfig>> make_tls_config(const io::SecureClientOptions& options) {
  FARHOLM_TRY(auto config, make_config(/*server=*/false, options.minimum, options.alpn));
  if (options.identity) FARHOLM_CHECK(use_identity(config->context.get(), *options.identity));
  config->pinned = options.pinned;
  config->judged_by_trust = !options.trusted_pem.empty();
  if (!options.trusted_pem.empty()) {
    if (options.trust_anyone) {
      return fail(ErrorCode::BadRequest, "trusting anyone and trusting certain CAs exclude one another");
    }
    FARHOLM_CHECK(trust(config->context.get(), options.trusted_pem));
  } else if (options.pinned.empty() && !options.trust_anyone) {
    return fail(ErrorCode::BadRequest, "a TLS client needs the CAs or the keys that it trusts");
  }
  return std::shared_ptr<const TlsConfig>(std::move(config));
}

}  // namespace farholm::net
