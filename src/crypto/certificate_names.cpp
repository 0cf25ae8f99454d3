#include "crypto/certificate_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/assert.h"

namespace farholm::crypto {
namespace {

constexpr std::size_t kNamesMax = 200;

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) {
    forget_openssl_errors();
    return {};
  }
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

Result<void> add_entry(X509_NAME* name, int nid, const std::string& text) {
  if (text.empty() || X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                                 reinterpret_cast<const unsigned char*>(text.data()),
                                                 static_cast<int>(text.size()), -1, 0) != 1) {
    forget_openssl_errors();
    return fail(
        ErrorCode::Invalid,
        "\"" + text + "\" cannot be a name in a certificate: it must be UTF-8 text of 1 to 64 characters");
  }
  return {};
}

bool is_ascii(const std::string& text) {
  return !text.empty() && text.size() <= 253 &&
         std::ranges::all_of(text, [](char letter) { return letter > ' ' && letter < 0x7f; });
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  if (size == 4) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  if (size != 16) return {};
  // RFC 5952: the longest run of two or more zero groups becomes "::".
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] << 8U | bytes[2 * i + 1];
  std::size_t run_at = 8;
  std::size_t run = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run) {
      run = end - i;
      run_at = i;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_at) {
      text += "::";
      i += run - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

}  // namespace

Result<void> write_subject(X509_NAME* name, const Subject& subject) {
  for (const auto& organization : subject.organizations) {
    FARHOLM_CHECK(add_entry(name, NID_organizationName, organization));
  }
  if (!subject.common_name.empty()) FARHOLM_CHECK(add_entry(name, NID_commonName, subject.common_name));
  return {};
}

Subject read_subject(const X509_NAME* name) {
  Subject subject;
  const int count = std::min(X509_NAME_entry_count(name), static_cast<int>(kNamesMax));
  for (int i = 0; i < count; ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    const std::string text = text_of(X509_NAME_ENTRY_get_data(entry));
    if (nid == NID_commonName) subject.common_name = text;
    if (nid == NID_organizationName) subject.organizations.push_back(text);
  }
  return subject;
}

Result<GeneralNamesPtr> write_names(const AlternativeNames& names) {
  if (names.dns.empty() && names.ip.empty() && names.uri.empty()) return GeneralNamesPtr();
  if (names.dns.size() + names.ip.size() + names.uri.size() > kNamesMax) {
    return fail(ErrorCode::Invalid, fmt::format("a certificate may have at most {} names", kNamesMax));
  }
  GeneralNamesPtr written(GENERAL_NAMES_new());
  const auto add = [&](int type, ASN1_STRING* value) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(written.get(), name);
  };
  const auto add_text = [&](int type, const std::string& text) -> Result<void> {
    if (!is_ascii(text)) {
      return fail(ErrorCode::Invalid,
                  "\"" + text + "\" cannot be a name in a certificate: it must be plain ASCII");
    }
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    add(type, value);
    return {};
  };
  for (const auto& dns : names.dns) FARHOLM_CHECK(add_text(GEN_DNS, dns));
  for (const auto& uri : names.uri) FARHOLM_CHECK(add_text(GEN_URI, uri));
  for (const auto& ip : names.ip) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(ip.c_str());
    if (address == nullptr) {
      forget_openssl_errors();
      return fail(ErrorCode::Invalid, "\"" + ip + "\" is not an IP address");
    }
    add(GEN_IPADD, address);
  }
  return written;
}

AlternativeNames read_names(const GENERAL_NAMES* names) {
  AlternativeNames read;
  const int count = std::min(sk_GENERAL_NAME_num(names), static_cast<int>(kNamesMax));
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
    if (type == GEN_DNS) read.dns.push_back(text_of(value));
    if (type == GEN_URI) read.uri.push_back(text_of(value));
    if (type == GEN_IPADD) read.ip.push_back(address_text(value));
  }
  return read;
}

Result<io::WallTime> read_time(const ASN1_TIME* time) {
  using namespace std::chrono;
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) {
    forget_openssl_errors();
    return fail(ErrorCode::BadRequest, "a time in the certificate cannot be read");
  }
  const int year = fields.tm_year + 1900;
  if (year >= 2262) return io::WallTime::max();
  if (year < 1700) return io::WallTime::min();
  const sys_days day = std::chrono::year(year) / (fields.tm_mon + 1) / fields.tm_mday;
  return io::WallTime(day) + hours(fields.tm_hour) + minutes(fields.tm_min) + seconds(fields.tm_sec);
}

void write_time(ASN1_TIME* time, io::WallTime value) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(value).time_since_epoch().count();
  FARHOLM_ASSERT(ASN1_TIME_set(time, static_cast<time_t>(seconds)) != nullptr);
}

}  // namespace farholm::crypto
