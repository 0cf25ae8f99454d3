// Between our names and X.509's: distinguished names, alternative names, times. Only for this module.
#pragma once

#include "crypto/certificate.h"
#include "crypto/openssl.h"

namespace farholm::crypto {

// Invalid for a name that is too long or not UTF-8.
Result<void> write_subject(X509_NAME* name, const Subject& subject);
Subject read_subject(const X509_NAME* name);

// Null when there are none.
Result<GeneralNamesPtr> write_names(const AlternativeNames& names);
AlternativeNames read_names(const GENERAL_NAMES* names);

// Times that io::WallTime cannot hold (beyond 2262) become its last.
Result<io::WallTime> read_time(const ASN1_TIME* time);
void write_time(ASN1_TIME* time, io::WallTime value);

}  // namespace farholm::crypto
