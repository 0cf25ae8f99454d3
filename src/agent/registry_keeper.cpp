#include "agent/registry_keeper.h"

#include <fmt/format.h>

#include "io/entropy.h"
#include "io/scope.h"
#include "net/client.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kMarkBytesMax = 256;
constexpr auto kConnectLimit = std::chrono::seconds(2);
// Its process reads the disk for each answer, and the disk may be busy.
constexpr auto kAnswerLimit = std::chrono::seconds(20);
constexpr int kStartsBeforeTelling = 3;

io::Endpoint endpoint() {
  return {.kind = io::Endpoint::Kind::Tcp, .host = "127.0.0.1", .port = kRegistryPort, .path = {}};
}

class RegistryDialer final : public net::Dialer {
 public:
  explicit RegistryDialer(io::Network& network) : network_(network) {}
  io::Task<Result<std::unique_ptr<io::Stream>>> dial() override { return network_.connect(endpoint()); }

 private:
  io::Network& network_;
};

}  // namespace

Result<std::optional<std::string>> read_registry_mark(io::Files& files, const StateFolder& state) {
  return io::read_file_if_exists(files, state.registry_mark(), kMarkBytesMax);
}

Result<std::string> RegistryKeeper::mark() {
  FARHOLM_TRY(auto known, read_registry_mark(parts_.world.files, parts_.state));
  if (known) return std::move(*known);
  auto made = io::random_uuid(parts_.world.entropy);
  FARHOLM_CHECK(io::write_file_atomically(parts_.world.files, parts_.state.registry_mark(), made));
  return made;
}

io::Task<RegistryKeeper::Found> RegistryKeeper::look(std::string mark) {
  auto& world = parts_.world;
  const auto there = co_await io::with_deadline<std::unique_ptr<io::Stream>>(
      world.loop, kConnectLimit, "nobody answers", world.network.connect(endpoint()));
  if (!there) co_return Found::Nobody;
  net::HttpClient client(world.loop, std::make_unique<RegistryDialer>(world.network),
                         {.authority = fmt::format("127.0.0.1:{}", kRegistryPort)});
  net::SendOptions options;
  options.deadline = kAnswerLimit;
  options.response_body_bytes_max = 64 << 10;
  const auto answer =
      co_await client.send({.method = "GET", .target = "/v2/", .headers = {}, .body = {}}, options);
  if (!answer) co_return answer.error().code == ErrorCode::Timeout ? Found::Silence : Found::Another;
  co_return answer->headers.get(kRegistryHeader) == mark ? Found::Ours : Found::Another;
}

Result<void> RegistryKeeper::start(const std::string& bridge) {
  io::DetachedOptions detached{
      .arguments = parts_.command, .environment = {}, .log_path = parts_.state.registry_log()};
  for (const auto& argument : {std::string("--state"), parts_.state.path, std::string("--listen"),
                               fmt::format("127.0.0.1:{}", kRegistryPort), std::string("--listen"),
                               fmt::format("{}:{}", bridge, kRegistryPort)}) {
    detached.arguments.push_back(argument);
  }
  FARHOLM_CHECK(parts_.world.processes.start_detached(detached));
  parts_.log.info("started the site registry on port {}", kRegistryPort);
  return {};
}

io::Task<void> RegistryKeeper::run(std::string bridge) {
  int starts = 0;
  while (true) {
    std::string trouble;
    const auto own = mark();
    const auto found = own ? co_await look(*own) : Found::Silence;
    serves_ = found == Found::Ours;
    if (!own) {
      trouble = "the site's registry cannot be started: " + own.error().to_string();
    } else if (found == Found::Silence) {
      trouble = fmt::format(
          "what listens on port {} of this host does not answer, and the site's registry "
          "has to be there: `ss -ltnp` shows what it is; end it",
          kRegistryPort);
    } else if (found == Found::Another) {
      trouble = fmt::format(
          "Port {} of this host is taken by another program, and the site's registry, from "
          "which nodes get their images, has to be there: stop it (`ss -ltnp` shows it)",
          kRegistryPort);
    } else if (found == Found::Nobody) {
      const auto started = start(bridge);
      if (!started) {
        trouble = "the site's registry does not start: " + started.error().to_string();
      } else if (++starts > kStartsBeforeTelling) {
        trouble = fmt::format("the site's registry ends as soon as it is started: {} says why",
                              parts_.state.registry_log());
      }
    }
    if (found != Found::Nobody) starts = 0;
    parts_.tell(std::move(trouble));
    co_await parts_.world.loop.sleep(serves_ ? kRegistryLook : kRegistryLookAgain);
  }
}

}  // namespace farholm::agent
