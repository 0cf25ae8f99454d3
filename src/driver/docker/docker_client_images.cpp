#include <fmt/format.h>

#include <array>
#include <map>

#include "base/encoding.h"
#include "driver/docker/docker_client.h"
#include "driver/docker/engine_error.h"
#include "driver/docker/engine_json.h"
#include "driver/docker/line_splitter.h"
#include "net/target.h"

namespace farholm::driver::docker {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProgressLineBytesMax = 64 << 10;
constexpr std::size_t kLayersMax = 512;  // that are counted for the progress
constexpr auto kProgressPause = 1s;
constexpr std::size_t kProgressChunkBytes = 16 << 10;

// Bytes of each layer as the engine's progress lines tell them.
class PullProgress {
 public:
  void note(const json::Value& line) {
    const json::Value* detail = json::find_object(line, "progressDetail");
    const std::string id = json::string_or(line, "id");
    if (detail == nullptr || json::string_or(line, "status") != "Downloading") return;
    if (layers_.size() >= kLayersMax && !layers_.contains(id)) return;
    layers_[id] = {json::find_integer(*detail, "current").value_or(0),
                   json::find_integer(*detail, "total").value_or(0)};
  }
  std::string sentence(const std::string& reference) const {
    std::int64_t current = 0;
    std::int64_t total = 0;
    for (const auto& [id, bytes] : layers_) {
      current += bytes.first;
      total += bytes.second;
    }
    return fmt::format("pulling {}: {} of {} MiB", reference, current >> 20, total >> 20);
  }

 private:
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> layers_;
};

}  // namespace

io::Task<Result<std::optional<ImageInfo>>> DockerClient::inspect_image(std::string reference) {
  FARHOLM_CO_TRY(auto answer, co_await get(fmt::format("/images/{}/json", net::percent_encode(reference)),
                                           "looking at image " + reference));
  if (!answer) co_return std::optional<ImageInfo>();
  co_return std::optional(read_image(*answer));
}

io::Task<Result<void>> DockerClient::tag_image(std::string reference, std::string repository,
                                               std::string tag) {
  const std::string query = net::encode_query({{"repo", repository}, {"tag", tag}});
  FARHOLM_CO_TRY(
      auto ignored,
      co_await succeed("POST", fmt::format("/images/{}/tag{}", net::percent_encode(reference), query), "",
                       "tagging image " + reference));
  (void)ignored;
  co_return Result<void>{};
}

io::Task<Result<void>> DockerClient::pull_image(std::string reference, Progress progress) {
  const std::string doing = "pulling image " + reference;
  net::Request request;
  request.method = "POST";
  request.target = "/v1.41/images/create" + net::encode_query({{"fromImage", reference}});
  auto opened = co_await http_.open(std::move(request));
  if (!opened) co_return std::unexpected(transport_error(endpoint_, std::move(opened).error()));
  if (opened->status >= 300) {
    FARHOLM_CO_TRY(auto body, co_await net::read_all(*opened->body, kProgressLineBytesMax));
    co_return std::unexpected(engine_error(opened->status, body, doing));
  }
  PullProgress pulled;
  LineSplitter lines(kProgressLineBytesMax);
  std::array<std::byte, kProgressChunkBytes> chunk{};
  io::MonotonicTime told = loop_.clock().monotonic();
  for (;;) {
    auto count = co_await opened->body->read(chunk);
    if (!count) co_return fail_while(std::move(count).error(), doing);
    if (*count == 0) co_return Result<void>{};
    for (const std::string& text : lines.feed(as_text(std::span(chunk).first(*count)))) {
      auto line = json::parse(text);
      if (!line) continue;
      if (const std::string* error = json::find_string(*line, "error"))
        co_return std::unexpected(engine_error_from_message(500, *error, doing));
      pulled.note(*line);
    }
    if (progress && loop_.clock().monotonic() - told >= kProgressPause) {
      told = loop_.clock().monotonic();
      progress(pulled.sentence(reference));
    }
  }
}

}  // namespace farholm::driver::docker
