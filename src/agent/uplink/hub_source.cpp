#include "agent/uplink/hub_source.h"

#include <fmt/format.h>

#include <vector>

#include "io/scope.h"

namespace farholm::agent {
namespace {

constexpr std::size_t kPieceBytes = 128 << 10;
constexpr std::uint64_t kSignatureBytesMax = 4 << 20;
// A hub that sends nothing for so long is gone; what came is kept.
constexpr auto kSilence = std::chrono::seconds(60);

class HubPieces final : public content::BlobPieces {
 public:
  HubPieces(io::Loop& loop, std::unique_ptr<net::BodyReader> body, std::uint64_t skip)
      : loop_(loop), body_(std::move(body)), skip_(skip), buffer_(kPieceBytes) {}

  io::Task<Result<std::span<const std::byte>>> next() override {
    while (body_ != nullptr) {
      FARHOLM_CO_TRY(const auto count, co_await io::with_deadline<std::size_t>(
                                           loop_, kSilence, "the hub sent nothing", body_->read(buffer_)));
      if (count == 0) break;
      if (skip_ >= count) {
        skip_ -= count;
        continue;
      }
      const auto from = static_cast<std::size_t>(std::exchange(skip_, 0));
      co_return std::span<const std::byte>(buffer_).subspan(from, count - from);
    }
    co_return std::span<const std::byte>();
  }

 private:
  io::Loop& loop_;
  std::unique_ptr<net::BodyReader> body_;
  std::uint64_t skip_;
  std::vector<std::byte> buffer_;
};

}  // namespace

io::Task<Result<std::unique_ptr<content::BlobPieces>>> HubSource::fetch(crypto::Digest digest,
                                                                        std::uint64_t offset) {
  if (client_ == nullptr) co_return fail(ErrorCode::ServiceUnavailable, "this host has not paired yet");
  net::Request request{
      .method = "GET", .target = "/content/v1/blobs/" + digest.to_string(), .headers = {}, .body = {}};
  if (offset > 0) request.headers.add("Range", fmt::format("bytes={}-", offset));
  FARHOLM_CO_TRY(auto response, co_await client_->http().open(std::move(request)));
  // Asked for what is behind the end: there is nothing left.
  if (response.status == 416) co_return std::make_unique<HubPieces>(loop_, nullptr, 0);
  if (response.status != 200 && response.status != 206)
    co_return fail(error_code_from_http_status(response.status),
                   fmt::format("the hub answered {} for {}", response.status, digest.to_string()));
  const std::uint64_t skip = response.status == 200 ? offset : 0;
  co_return std::make_unique<HubPieces>(loop_, std::move(response.body), skip);
}

io::Task<Result<std::string>> HubSource::fetch_signature(crypto::Digest bundle) {
  if (client_ == nullptr) co_return fail(ErrorCode::ServiceUnavailable, "this host has not paired yet");
  FARHOLM_CO_TRY(auto response,
                 co_await client_->get("/content/v1/signatures/" + bundle.to_string(), kSignatureBytesMax));
  co_return std::move(response.body);
}

}  // namespace farholm::agent
