#include "crypto/openssl.h"

#include <openssl/err.h>

#include <climits>

#include "base/assert.h"

namespace farholm::crypto {

BioPtr bio_over(std::string_view text) {
  FARHOLM_ASSERT(text.size() < INT_MAX);
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  FARHOLM_ASSERT(bio != nullptr);
  return bio;
}

BioPtr empty_bio() {
  BioPtr bio(BIO_new(BIO_s_mem()));
  FARHOLM_ASSERT(bio != nullptr);
  return bio;
}

std::string text_in(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void forget_openssl_errors() {
  ERR_clear_error();
}

}  // namespace farholm::crypto
