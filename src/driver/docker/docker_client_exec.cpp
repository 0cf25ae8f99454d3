#include <fmt/format.h>

#include <array>

#include "base/encoding.h"
#include "driver/docker/docker_client.h"
#include "driver/docker/engine_error.h"
#include "driver/docker/engine_json.h"
#include "driver/docker/output_demux.h"
#include "io/scope.h"
#include "net/target.h"

namespace farholm::driver::docker {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOutputChunkBytes = 16 << 10;
// The engine may say "still running" for a moment after the output has ended.
constexpr int kExitCodeTries = 100;
constexpr auto kExitCodePause = 50ms;

// A command that does not read its input closes it: no error of ours.
io::Task<void> give_input(io::Stream& stream, std::string input) {
  if (auto written = co_await io::write_all(stream, as_bytes(input)); written) (void)stream.shutdown_write();
}

io::Task<Result<void>> take_output(io::Stream& stream, OutputDemux& demux) {
  std::array<std::byte, kOutputChunkBytes> chunk{};
  for (;;) {
    FARHOLM_CO_TRY(const std::size_t count, co_await io::read_some(stream, chunk));
    if (count == 0) break;
    FARHOLM_CO_CHECK(demux.feed(as_text(std::span(chunk).first(count))));
  }
  if (!demux.at_boundary())
    co_return fail(ErrorCode::ServiceUnavailable, "Docker Engine cut the output of a command off");
  co_return Result<void>{};
}

}  // namespace

io::Task<Result<ExecOutput>> DockerClient::exec(ExecSpec spec) {
  const std::string doing = fmt::format(
      "running {} in {}", spec.command.empty() ? "nothing" : spec.command.front(), spec.container);
  const std::string create = fmt::format("/containers/{}/exec", net::percent_encode(spec.container));
  FARHOLM_CO_TRY(auto created, co_await succeed("POST", create, json::to_text(exec_body(spec)), doing));
  FARHOLM_CO_TRY(auto created_value, json::parse(created));
  FARHOLM_CO_TRY(const std::string id, json::require_string(created_value, "Id"));

  net::Request start;
  start.method = "POST";
  start.target = fmt::format("/v1.41/exec/{}/start", id);
  start.headers.add("Content-Type", "application/json");
  start.headers.add("Connection", "Upgrade");
  start.headers.add("Upgrade", "tcp");
  start.body = R"({"Detach":false,"Tty":false})";
  auto upgraded = co_await http_.upgrade(std::move(start));
  if (!upgraded) co_return std::unexpected(transport_error(endpoint_, std::move(upgraded).error()));
  if (!upgraded->stream) co_return std::unexpected(engine_error(upgraded->status, upgraded->body, doing));

  OutputDemux demux(spec.output_bytes_max);
  {
    io::Scope scope(loop_);
    if (!spec.input.empty()) scope.spawn(give_input(*upgraded->stream, std::move(spec.input)));
    auto taken = co_await take_output(*upgraded->stream, demux);
    if (!taken) co_return fail_while(std::move(taken).error(), doing);
  }
  for (int attempt = 0; attempt < kExitCodeTries; ++attempt) {
    FARHOLM_CO_TRY(auto answer, co_await get(fmt::format("/exec/{}/json", id), doing));
    if (!answer)
      co_return fail(ErrorCode::ServiceUnavailable, "The container ended while a command ran in it");
    if (!json::find_bool(*answer, "Running").value_or(false)) {
      ExecOutput output;
      output.exit_code = static_cast<int>(json::find_integer(*answer, "ExitCode").value_or(-1));
      output.out = std::move(demux.out());
      output.err = std::move(demux.err());
      co_return output;
    }
    co_await loop_.sleep(kExitCodePause);
  }
  co_return fail(ErrorCode::Timeout,
                 "Docker Engine does not say how a command ended: it is still running, "
                 "though its output has ended");
}

}  // namespace farholm::driver::docker
