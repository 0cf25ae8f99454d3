#include <array>

#include "base/encoding.h"
#include "driver/docker/docker_client.h"
#include "driver/docker/engine_error.h"
#include "driver/docker/engine_json.h"
#include "driver/docker/line_splitter.h"
#include "net/target.h"

namespace farholm::driver::docker {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kEventBytesMax = 64 << 10;
constexpr std::size_t kEventChunkBytes = 4 << 10;
constexpr auto kRetryPause = 2s;

// Commands that are run inside a container (ours among them) change nothing that a driver looks at.
bool tells_of_change(const std::string& text) {
  auto event = json::parse(text);
  return event && !json::string_or(*event, "Action").starts_with("exec_");
}

}  // namespace

io::Task<Result<void>> DockerClient::follow_events(std::string label, io::Event& changed) {
  net::Request request;
  request.target = "/v1.41/events" + net::encode_query({{"filters", label_filter(label)}});
  FARHOLM_CO_TRY(auto opened, co_await http_.open(std::move(request)));
  if (opened.status != 200) co_return fail(ErrorCode::ServiceUnavailable, "Docker Engine tells no events");
  // What happened while nobody listened.
  changed.set();
  LineSplitter lines(kEventBytesMax);
  std::array<std::byte, kEventChunkBytes> chunk{};
  for (;;) {
    FARHOLM_CO_TRY(const std::size_t count, co_await opened.body->read(chunk));
    if (count == 0) co_return Result<void>{};
    bool tell = false;
    for (const std::string& line : lines.feed(as_text(std::span(chunk).first(count))))
      tell = tell || tells_of_change(line);
    if (tell) changed.set();
  }
}

io::Task<void> DockerClient::watch(std::string label, io::Event& changed) {
  for (;;) {
    // However it ends, the engine went away or was restarted: look again once it is back.
    (void)co_await follow_events(label, changed);
    changed.set();
    co_await loop_.sleep(kRetryPause);
  }
}

}  // namespace farholm::driver::docker
