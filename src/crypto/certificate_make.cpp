#include <openssl/pem.h>

#include <algorithm>

#include "base/assert.h"
#include "crypto/certificate.h"
#include "crypto/certificate_names.h"
#include "crypto/openssl.h"

namespace farholm::crypto {
namespace {

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  FARHOLM_ASSERT(extension != nullptr);
  FARHOLM_ASSERT(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void add_use(X509* certificate, X509* issuer, CertificateUse use) {
  switch (use) {
    case CertificateUse::Authority:
      add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
      add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
      return;
    case CertificateUse::LastAuthority:
      add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
      add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
      return;
    case CertificateUse::Server:
    case CertificateUse::Client:
    case CertificateUse::Peer:
      break;
  }
  add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate, issuer, NID_ext_key_usage,
                use == CertificateUse::Server   ? "serverAuth"
                : use == CertificateUse::Client ? "clientAuth"
                                                : "serverAuth,clientAuth");
}

Result<Certificate> make(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                         KeyType issuer_key_type, io::Entropy& entropy) {
  const X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  // Positive, at most 20 bytes, at least 64 random bits (RFC 5280, 4.1.2.2; CA/Browser Forum, 7.1).
  std::array<std::byte, 16> serial{};
  entropy.fill(serial);
  serial[0] = (serial[0] & std::byte{0x3f}) | std::byte{0x40};
  const BnPtr number(BN_bin2bn(bytes_of(std::span(serial)), serial.size(), nullptr));
  FARHOLM_ASSERT(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr);
  write_time(X509_getm_notBefore(certificate.get()), spec.validity.not_before);
  write_time(X509_getm_notAfter(certificate.get()), spec.validity.not_after);
  FARHOLM_CHECK(write_subject(X509_get_subject_name(certificate.get()), spec.subject));
  X509* signer = issuer == nullptr ? certificate.get() : issuer;
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  FARHOLM_ASSERT(X509_set_pubkey(certificate.get(), key) == 1);
  add_use(certificate.get(), signer, spec.use);
  add_extension(certificate.get(), signer, NID_subject_key_identifier, "hash");
  add_extension(certificate.get(), signer, NID_authority_key_identifier, "keyid:always");
  FARHOLM_TRY(const auto names, write_names(spec.names));
  if (names != nullptr) {
    FARHOLM_ASSERT(
        X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1);
  }
  FARHOLM_ASSERT(X509_sign(certificate.get(), issuer_key, KeyHandle::digest_for(issuer_key_type)) > 0);
  const auto bio = empty_bio();
  FARHOLM_ASSERT(i2d_X509_bio(bio.get(), certificate.get()) == 1);
  return Certificate::from_der(as_bytes(text_in(bio)));
}

}  // namespace

Result<Certificate> make_self_signed(const CertificateSpec& spec, const PrivateKey& key,
                                     io::Entropy& entropy) {
  return make(spec, KeyHandle::of(key), nullptr, KeyHandle::of(key), key.type(), entropy);
}

Result<Certificate> issue(const CertificateSpec& spec, const PublicKey& key, const Certificate& issuer,
                          const PrivateKey& issuer_key, io::Entropy& entropy) {
  if (issuer_key.public_key() != issuer.public_key()) {
    return fail(ErrorCode::Invalid,
                "the key is not that of the authority's certificate; give the one that fits");
  }
  CertificateSpec cut = spec;
  cut.validity.not_before = std::max(spec.validity.not_before, issuer.validity().not_before);
  cut.validity.not_after = std::min(spec.validity.not_after, issuer.validity().not_after);
  const unsigned char* at = bytes_of(std::span(issuer.der()));
  const X509Ptr signer(d2i_X509(nullptr, &at, static_cast<long>(issuer.der().size())));
  FARHOLM_ASSERT(signer != nullptr);
  return make(cut, KeyHandle::of(key), signer.get(), KeyHandle::of(issuer_key), issuer_key.type(), entropy);
}

Result<std::string> make_certificate_request(const Subject& subject, const AlternativeNames& names,
                                             const PrivateKey& key) {
  const X509ReqPtr request(X509_REQ_new());
  FARHOLM_CHECK(write_subject(X509_REQ_get_subject_name(request.get()), subject));
  FARHOLM_ASSERT(X509_REQ_set_pubkey(request.get(), KeyHandle::of(key)) == 1);
  FARHOLM_TRY(const auto written, write_names(names));
  if (written != nullptr) {
    STACK_OF(X509_EXTENSION)* list = nullptr;
    FARHOLM_ASSERT(X509V3_add1_i2d(&list, NID_subject_alt_name, written.get(), 0, X509V3_ADD_DEFAULT) == 1);
    const ExtensionsPtr extensions(list);
    FARHOLM_ASSERT(X509_REQ_add_extensions(request.get(), extensions.get()) == 1);
  }
  FARHOLM_ASSERT(X509_REQ_sign(request.get(), KeyHandle::of(key), KeyHandle::digest_for(key.type())) > 0);
  const auto bio = empty_bio();
  FARHOLM_ASSERT(PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1);
  return text_in(bio);
}

Result<CertificateRequest> parse_certificate_request(std::string_view pem) {
  const auto refused = [](std::string_view why) {
    forget_openssl_errors();
    return fail(ErrorCode::BadRequest,
                "this is not a certificate request that can be used: " + std::string(why));
  };
  if (pem.size() > Certificate::kSizeBytesMax) return refused("it is too long");
  const X509ReqPtr request(
      PEM_read_bio_X509_REQ(bio_over(pem).get(), nullptr, nullptr, const_cast<char*>("")));
  if (request == nullptr) return refused("it is not PEM with \"BEGIN CERTIFICATE REQUEST\"");
  auto handle = KeyHandle::take(KeyPtr(X509_REQ_get_pubkey(request.get())));
  if (!handle) return refused("its key is neither Ed25519 nor P-256");
  auto key = KeyHandle::public_key(std::move(*handle));
  if (X509_REQ_verify(request.get(), KeyHandle::of(key)) != 1)
    return refused("it is not signed by its own key");
  CertificateRequest read{
      .subject = read_subject(X509_REQ_get_subject_name(request.get())), .names = {}, .key = std::move(key)};
  const ExtensionsPtr extensions(X509_REQ_get_extensions(request.get()));
  if (extensions != nullptr) {
    const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
        X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
    if (names != nullptr) read.names = read_names(names.get());
  }
  forget_openssl_errors();
  return read;
}

}  // namespace farholm::crypto
