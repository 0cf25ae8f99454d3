#include "net/http1_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace farholm::net::http1 {
namespace {

// RFC 9110 §5.6.2.
bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}
// Visible characters, space, tab and the upper half (obs-text).
bool is_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == '\t' || (u >= 0x20 && u != 0x7f);
  });
}
bool is_target(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 0x20 && u < 0x7f;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::BadRequest, fmt::format("not a valid HTTP/1.1 message: {}", what));
}

// The next line without its CRLF. A head that find_head_end() delimited has only whole lines.
std::optional<std::string_view> next_line(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return std::nullopt;
  return line;
}

Result<Headers> parse_fields(std::string_view rest, const HeadLimits& limits) {
  Headers headers;
  while (true) {
    const auto line = next_line(rest);
    if (!line) return malformed("a line does not end in CRLF, or has a CR, LF or NUL within");
    if (line->empty()) break;
    if (line->front() == ' ' || line->front() == '\t') return malformed("a folded header line");
    const auto colon = line->find(':');
    if (colon == std::string_view::npos) return malformed("a header line without a colon");
    const auto name = line->substr(0, colon);
    const auto value = trimmed(line->substr(colon + 1));
    if (!is_token(name)) return malformed("a header's name has a character that is not allowed");
    if (!is_value(value)) return malformed("a header's value has a control character");
    if (headers.size() >= limits.headers_max) {
      return fail(ErrorCode::RequestEntityTooLarge,
                  fmt::format("more than {} header lines", limits.headers_max));
    }
    headers.add(std::string(name), std::string(value));
  }
  if (!rest.empty()) return malformed("bytes behind the head");
  return headers;
}

Result<int> parse_version(std::string_view version) {
  if (version == "HTTP/1.1") return 1;
  if (version == "HTTP/1.0") return 0;
  return malformed("the version must be HTTP/1.1 or HTTP/1.0");
}

// Nothing when there is none.
Result<std::optional<std::uint64_t>> content_length(const Headers& headers) {
  const auto values = headers.find_all("Content-Length");
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) return malformed("more than one Content-Length");
  const auto text = values.front();
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size() || length > INT64_MAX) {
    return malformed("the Content-Length is not a number");
  }
  return length;
}

Result<std::optional<Framing>> common_framing(const Headers& headers, int minor_version) {
  FARHOLM_TRY(const auto length, content_length(headers));
  const auto codings = headers.find_all("Transfer-Encoding");
  if (!codings.empty()) {
    if (length) return malformed("both Content-Length and Transfer-Encoding");
    if (minor_version == 0) return malformed("Transfer-Encoding in HTTP/1.0");
    if (codings.size() > 1 || !equals_ignoring_case(codings.front(), "chunked")) {
      return malformed("a Transfer-Encoding other than chunked");
    }
    return Framing{.kind = Framing::Kind::Chunked};
  }
  if (length) return Framing{.kind = Framing::Kind::Length, .length = *length};
  return std::nullopt;
}

Result<void> write_fields(const Headers& headers, std::string& out) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_value(value)) {
      return fail(ErrorCode::BadRequest,
                  fmt::format("the header \"{}\" cannot be sent: a character is not allowed", name));
    }
    out.append(name).append(": ").append(value).append("\r\n");
  }
  out += "\r\n";
  return {};
}

}  // namespace

std::optional<std::size_t> find_head_end(std::string_view bytes, std::size_t& searched) {
  const auto from = searched < 3 ? 0 : searched - 3;
  const auto end = bytes.find("\r\n\r\n", from);
  searched = bytes.size();
  if (end == std::string_view::npos) return std::nullopt;
  return end + 4;
}

Result<RequestHead> parse_request_head(std::string_view head, const HeadLimits& limits) {
  auto line = next_line(head);
  if (!line) return malformed("the request line does not end in CRLF");
  const auto first = line->find(' ');
  const auto last = line->rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed("the request line needs three words");
  RequestHead parsed;
  parsed.request.method = std::string(line->substr(0, first));
  parsed.request.target = std::string(line->substr(first + 1, last - first - 1));
  if (!is_token(parsed.request.method)) return malformed("the method has a character that is not allowed");
  if (!is_target(parsed.request.target)) return malformed("the target has a character that is not allowed");
  FARHOLM_TRY(parsed.minor_version, parse_version(line->substr(last + 1)));
  FARHOLM_TRY(parsed.request.headers, parse_fields(head, limits));
  const auto hosts = parsed.request.headers.count("Host");
  if (hosts > 1 || (hosts == 0 && parsed.minor_version == 1)) return malformed("exactly one Host is needed");
  return parsed;
}

Result<ResponseHead> parse_response_head(std::string_view head, const HeadLimits& limits) {
  auto line = next_line(head);
  if (!line || line->size() < 12 || (*line)[8] != ' ') return malformed("the status line is too short");
  ResponseHead parsed;
  FARHOLM_TRY(parsed.minor_version, parse_version(line->substr(0, 8)));
  const auto digits = line->substr(9, 3);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + 3, parsed.response.status);
  if (error != std::errc{} || end != digits.data() + 3 || parsed.response.status < 100 ||
      (line->size() > 12 && (*line)[12] != ' ') || !is_value(line->substr(12))) {
    return malformed("the status is not three digits");
  }
  FARHOLM_TRY(parsed.response.headers, parse_fields(head, limits));
  return parsed;
}

Result<Framing> request_framing(const RequestHead& head) {
  FARHOLM_TRY(const auto framing, common_framing(head.request.headers, head.minor_version));
  return framing.value_or(Framing{});
}

Result<Framing> response_framing(const ResponseHead& head, std::string_view request_method) {
  const int status = head.response.status;
  FARHOLM_TRY(const auto framing, common_framing(head.response.headers, head.minor_version));
  if (request_method == "HEAD" || status < 200 || status == 204 || status == 304) return Framing{};
  if (request_method == "CONNECT" && status < 300) return Framing{};
  return framing.value_or(Framing{.kind = Framing::Kind::UntilClose});
}

bool keeps_alive(const Headers& headers, int minor_version) {
  if (headers.has_token("Connection", "close")) return false;
  return minor_version == 1 || headers.has_token("Connection", "keep-alive");
}

Result<std::string> write_request_head(const Request& request) {
  if (!is_token(request.method) || !is_target(request.target)) {
    return fail(ErrorCode::BadRequest,
                "the request cannot be sent: its method or its target has a character that is not allowed");
  }
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  FARHOLM_CHECK(write_fields(request.headers, out));
  return out;
}

Result<std::string> write_response_head(const Response& response) {
  FARHOLM_ASSERT(response.status >= 100 && response.status <= 999);
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  FARHOLM_CHECK(write_fields(response.headers, out));
  return out;
}

std::string write_chunk_size(std::size_t size) {
  return fmt::format("{:x}\r\n", size);
}

}  // namespace farholm::net::http1
