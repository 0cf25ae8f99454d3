#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "base/assert.h"
#include "crypto/certificate_names.h"
#include "crypto/openssl.h"

namespace farholm::crypto {
namespace {

std::unexpected<Error> not_a_certificate(std::string_view why) {
  forget_openssl_errors();
  return fail(ErrorCode::BadRequest, "this is not a certificate that can be used: " + std::string(why));
}

// OpenSSL reads more encodings than the one that DER allows, and would write that one: what it read would
// have another digest than what it writes.
bool is_der(const X509* certificate, std::span<const std::byte> bytes) {
  const int size = i2d_X509(certificate, nullptr);
  if (size < 0 || static_cast<std::size_t>(size) != bytes.size()) return false;
  std::vector<std::byte> der(bytes.size());
  unsigned char* at = bytes_of(std::span(der));
  return i2d_X509(certificate, &at) == size && std::ranges::equal(der, bytes);
}

void free_bytes(unsigned char* bytes) {
  OPENSSL_free(bytes);
}

X509Ptr x509_of(const Certificate& certificate) {
  const unsigned char* at = bytes_of(std::span(certificate.der()));
  X509Ptr parsed(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  FARHOLM_ASSERT(parsed != nullptr);
  return parsed;
}

std::string hex_serial(const X509* certificate) {
  const BnPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  if (number == nullptr) return {};
  std::vector<std::byte> bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), bytes_of(std::span(bytes)));
  return to_hex(bytes);
}

}  // namespace

Result<Certificate> Certificate::from_der(std::span<const std::byte> der) {
  if (der.size() > kSizeBytesMax) return not_a_certificate("it is too long");
  const unsigned char* at = bytes_of(der);
  const X509Ptr parsed(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (parsed == nullptr || at != bytes_of(der) + der.size() || !is_der(parsed.get(), der))
    return not_a_certificate("it is not X.509 in DER");
  KeyPtr key(X509_get_pubkey(parsed.get()));
  auto handle = KeyHandle::take(std::move(key));
  if (!handle) return not_a_certificate("its key is neither Ed25519 nor P-256");

  Certificate certificate({der.begin(), der.end()}, KeyHandle::public_key(std::move(*handle)));
  certificate.subject_ = read_subject(X509_get_subject_name(parsed.get()));
  certificate.issuer_ = read_subject(X509_get_issuer_name(parsed.get()));
  FARHOLM_TRY(certificate.validity_.not_before, read_time(X509_get0_notBefore(parsed.get())));
  FARHOLM_TRY(certificate.validity_.not_after, read_time(X509_get0_notAfter(parsed.get())));
  int critical = 0;
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(parsed.get(), NID_subject_alt_name, &critical, nullptr)));
  if (names != nullptr) certificate.names_ = read_names(names.get());
  // -1: there is none. -2: there are two, or it cannot be read.
  if (names == nullptr && critical != -1) return not_a_certificate("its alternative names cannot be read");
  certificate.serial_ = hex_serial(parsed.get());
  certificate.is_authority_ = X509_check_ca(parsed.get()) == 1;
  forget_openssl_errors();
  return certificate;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  FARHOLM_TRY(auto chain, chain_from_pem(pem));
  if (chain.size() != 1) return not_a_certificate("more than one came where one was expected");
  return std::move(chain.front());
}

Result<std::vector<Certificate>> Certificate::chain_from_pem(std::string_view pem) {
  if (pem.size() > 2 * kChainMax * kSizeBytesMax) return not_a_certificate("it is too long");
  const auto bio = bio_over(pem);
  std::vector<Certificate> chain;
  while (true) {
    unsigned char* bytes = nullptr;
    long size = 0;
    if (PEM_bytes_read_bio(&bytes, &size, nullptr, PEM_STRING_X509, bio.get(), nullptr,
                           const_cast<char*>("")) != 1) {
      break;
    }
    const std::unique_ptr<unsigned char, Freer<free_bytes>> owner(bytes);
    if (chain.size() == kChainMax) return not_a_certificate("the chain is too long");
    FARHOLM_TRY(auto certificate, from_der(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size)))));
    chain.push_back(std::move(certificate));
  }
  // Anything else than that no more begins: one that cannot be read must not look like the end of them.
  const auto last = ERR_peek_last_error();
  const bool ended = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  forget_openssl_errors();
  if (!ended) return not_a_certificate("a part of the PEM text is damaged or cut off");
  if (chain.empty()) return not_a_certificate("it is not PEM with \"BEGIN CERTIFICATE\"");
  return chain;
}

std::string Certificate::to_pem() const {
  const auto bio = empty_bio();
  FARHOLM_ASSERT(PEM_write_bio_X509(bio.get(), x509_of(*this).get()) == 1);
  return text_in(bio);
}

Result<void> verify_chain(const Certificate& leaf, const std::vector<Certificate>& intermediates,
                          const std::vector<Certificate>& roots, const ChainRules& rules) {
  const std::unique_ptr<X509_STORE, Freer<X509_STORE_free>> store(X509_STORE_new());
  for (const auto& root : roots) X509_STORE_add_cert(store.get(), x509_of(root).get());
  const X509StackPtr untrusted(sk_X509_new_null());
  if (intermediates.size() > Certificate::kChainMax) return not_a_certificate("the chain is too long");
  for (const auto& certificate : intermediates) {
    sk_X509_push(untrusted.get(), x509_of(certificate).release());
  }
  const X509Ptr certificate = x509_of(leaf);
  const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  FARHOLM_ASSERT(X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), untrusted.get()) == 1);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  // OpenSSL looks at a time that was set even when told not to.
  if (rules.ignore_times) {
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
  } else {
    const auto at = std::chrono::floor<std::chrono::seconds>(rules.at).time_since_epoch().count();
    X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(at));
  }
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  if (rules.use == ChainRules::Use::Server) {
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  } else if (rules.use == ChainRules::Use::Client) {
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  }
  const bool right = X509_verify_cert(context.get()) == 1;
  forget_openssl_errors();
  if (right) return {};
  return fail(ErrorCode::Unauthorized,
              "the certificate of \"" + leaf.subject().common_name + "\" is not accepted: " +
                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

bool matches_host(const Certificate& certificate, const std::string& host) {
  const X509Ptr parsed = x509_of(certificate);
  const bool matches = X509_check_ip_asc(parsed.get(), host.c_str(), 0) == 1 ||
                       X509_check_host(parsed.get(), host.data(), host.size(),
                                       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
  forget_openssl_errors();
  return matches;
}

}  // namespace farholm::crypto
