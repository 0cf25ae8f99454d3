// Certificates for tests, made when they are needed: P-256, valid around the test's own time. Test only.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>

#include "base/assert.h"
#include "io/clock.h"
#include "net/tls_context.h"

namespace farholm::net {

struct TestIdentity {
  PkeyPtr key;
  X509Ptr certificate;
  io::ChannelIdentity pem;
};

struct TestCertificateOptions {
  std::string common_name = "test";
  std::string alternative_names;  // as in openssl.cnf: "DNS:hub.test,IP:127.0.0.1"
  bool authority = false;
  const TestIdentity* issuer = nullptr;  // itself when null
  io::WallTime from;
  io::WallTime until;
};

inline std::string bio_text(BIO* bio) {
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(length)};
}

inline void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  FARHOLM_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

inline TestIdentity make_test_identity(const TestCertificateOptions& options) {
  TestIdentity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  auto* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  const auto seconds = [](io::WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(options.from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(options.until));
  X509_set_pubkey(certificate, made.key.get());
  auto* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  auto* issuer = options.issuer != nullptr ? options.issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_basic_constraints,
                options.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!options.alternative_names.empty()) {
    add_extension(certificate, issuer, NID_subject_alt_name, options.alternative_names);
  }
  X509_sign(certificate, options.issuer != nullptr ? options.issuer->key.get() : made.key.get(),
            EVP_sha256());

  const BioPtr chain(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(chain.get(), certificate);
  made.pem.chain_pem = bio_text(chain.get());
  const BioPtr key(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key.get(), made.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  made.pem.key_pem = bio_text(key.get());
  return made;
}

}  // namespace farholm::net
