#include "net/http1_parser.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace farholm::net::http1 {
namespace {

Result<RequestHead> request(std::string_view head) {
  return parse_request_head(head, {});
}

TEST(Http1Parser, FindsTheEndOfAHeadThatArrivesByteByByte) {
  const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  std::size_t searched = 0;
  for (std::size_t i = 0; i < head.size(); ++i) ASSERT_FALSE(find_head_end(head.substr(0, i), searched)) << i;
  EXPECT_EQ(find_head_end(head, searched), head.size());
}

TEST(Http1Parser, TakesARequest) {
  auto head = request("POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Two: \t a b \t\r\n\r\n");
  ASSERT_TRUE(head) << head.error().to_string();
  EXPECT_EQ(head->request.method, "POST");
  EXPECT_EQ(head->request.target, "/a?b=c");
  EXPECT_EQ(head->request.headers.get("x-two"), "a b");
  EXPECT_EQ(head->request.headers.find("x-empty"), "");
  EXPECT_TRUE(keeps_alive(head->request.headers, head->minor_version));
}

TEST(Http1Parser, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  for (const std::string_view bad : {
           "GET / HTTP/1.1\r\n\r\n",                        // no Host
           "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",  // two
           "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",            // two spaces
           "GET / HTTP/1.1\nHost: a\r\n\r\n",               // bare LF
           "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",       // bare LF in a header
           "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",       // bare CR
           "GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n",    // folded
           "GET / HTTP/1.1\r\nHost : a\r\n\r\n",            // space before the colon
           "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",      // no name
           "GET / HTTP/1.1\r\nHost: a\r\nb\r\n\r\n",        // no colon
           "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n",         // control character
           "GET / HTTP/2.0\r\nHost: a\r\n\r\n",             // version
           "GET / http/1.1\r\nHost: a\r\n\r\n",             // version's case
           "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",             // method
           "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",     // target
           "GET /\r\nHost: a\r\n\r\n",                      // HTTP/0.9
       }) {
    const auto parsed = request(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::BadRequest);
  }
}

TEST(Http1Parser, RefusesMoreHeadersThanTheLimit) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 200; ++i) head += "a: b\r\n";
  const auto parsed = request(head + "\r\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::RequestEntityTooLarge);
}

TEST(Http1Parser, RefusesFramingThatSmugglesRequests) {
  for (const std::string_view fields : {
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: 1\r\nContent-Length: 1\r\n",
           "Content-Length: 1, 1\r\n",
           "Content-Length: +1\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: 0x1\r\n",
           "Content-Length: 1 1\r\n",
           "Content-Length:\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length: 9223372036854775808\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
       }) {
    const auto head = request("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    ASSERT_TRUE(head);
    EXPECT_FALSE(request_framing(*head)) << fields;
  }
  const auto old = request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_FALSE(request_framing(*old));
}

TEST(Http1Parser, KnowsHowAResponseEnds) {
  const auto framing = [](std::string_view text, std::string_view method) {
    const auto head = parse_response_head(text, {});
    EXPECT_TRUE(head);
    return response_framing(*head, method)->kind;
  };
  using Kind = Framing::Kind;
  EXPECT_EQ(framing("HTTP/1.1 200 OK\r\n\r\n", "GET"), Kind::UntilClose);
  EXPECT_EQ(framing("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n", "GET"), Kind::Length);
  EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD"), Kind::None);
  EXPECT_EQ(framing("HTTP/1.1 204 No\r\n\r\n", "GET"), Kind::None);
  EXPECT_EQ(framing("HTTP/1.1 304 Not\r\nContent-Length: 3\r\n\r\n", "GET"), Kind::None);
  EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET"), Kind::Chunked);
  for (const std::string_view bad :
       {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 +20 OK\r\n\r\n"}) {
    EXPECT_FALSE(parse_response_head(bad, {})) << bad;
  }
}

TEST(Http1Parser, InjectsNothing) {
  Response response;
  response.headers.add("Location", "/a\r\nSet-Cookie: x");
  EXPECT_FALSE(write_response_head(response));
  Request with_space{.target = "/a b", .headers = {}, .body = {}};
  EXPECT_FALSE(write_request_head(with_space));
}

Result<std::string> decode(std::string_view text, std::size_t piece_bytes) {
  ChunkDecoder decoder;
  std::string decoded;
  std::string buffer;
  while (!decoder.finished()) {
    if (text.empty()) return fail(ErrorCode::ServiceUnavailable, "cut off");
    buffer = text.substr(0, piece_bytes);
    FARHOLM_TRY(const auto step, decoder.step(as_bytes(buffer), piece_bytes));
    decoded += as_text(step.data);
    text.remove_prefix(step.consumed);
  }
  if (!text.empty()) return fail(ErrorCode::BadRequest, "bytes left");
  return decoded;
}

TEST(ChunkDecoder, DecodesWhateverTheSizeOfThePieces) {
  const std::string_view text = "4\r\nabcd\r\n00A;name=\"value\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    const auto decoded = decode(text, piece);
    ASSERT_TRUE(decoded) << piece << decoded.error().to_string();
    EXPECT_EQ(*decoded, "abcd0123456789");
  }
}

TEST(ChunkDecoder, RefusesBadSizesAndLines) {
  for (const std::string_view bad : {
           "\r\n",
           " 1\r\na\r\n0\r\n\r\n",
           "1 \r\na\r\n0\r\n\r\n",
           "g\r\n",
           "-1\r\n",
           "0x1\r\n",
           "1\na\r\n0\r\n\r\n",
           "1\r\nab\r\n",
           "1\r\na\n0\r\n\r\n",
           "1111111111111111\r\n",
           "1;a\nb\r\n",
           "0\r\nA: b\n\r\n",
       }) {
    const auto decoded = decode(bad, 100);
    ASSERT_FALSE(decoded) << bad;
    EXPECT_EQ(decoded.error().code, ErrorCode::BadRequest) << bad;
  }
  EXPECT_FALSE(decode("1;" + std::string(5000, 'x') + "\r\na\r\n0\r\n\r\n", 100));
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "a: b\r\n";
  EXPECT_FALSE(decode(trailers + "\r\n", 100));
}

}  // namespace
}  // namespace farholm::net::http1
