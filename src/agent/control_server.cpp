#include "agent/control_server.h"

#include "net/client.h"

namespace farholm::agent {
namespace {

constexpr auto kDeadline = std::chrono::seconds(10);
constexpr std::uint64_t kPlanBytesMax = 4 << 20;
// More than anybody on the box needs, so that some who hold on do not keep others out; and a plan at a time.
constexpr std::size_t kConnectionsMax = 128;
constexpr std::uint64_t kBodyMemoryBytesMax = kPlanBytesMax + (1 << 20);

net::Response answer_to(const Result<std::string>& outcome) {
  return {.status = outcome ? 200 : http_status(outcome.error().code),
          .headers = {{"Content-Type", "text/plain"}},
          .body = outcome ? *outcome : outcome.error().to_string()};
}

}  // namespace

ControlServer::ControlServer(const io::World& world, Logger log, Answers answers)
    : answers_(std::move(answers)),
      server_(world.loop, *this, std::move(log),
              {.connections_max = kConnectionsMax, .body_memory_bytes_max = kBodyMemoryBytesMax}) {}

io::Task<void> ControlServer::handle(net::Exchange& exchange) {
  const auto& request = exchange.request();
  if (request.target == "/status" && request.method == "GET") {
    (void)co_await exchange.respond({.status = 200,
                                     .headers = {{"Content-Type", "application/json"}},
                                     .body = json::to_text(answers_.report())});
    co_return;
  }
  if (request.target == "/plan" && request.method == "PUT") {
    auto outcome = co_await exchange.read_body(kPlanBytesMax);
    if (outcome) outcome = answers_.offer_plan(*outcome);
    (void)co_await exchange.respond(answer_to(outcome));
    co_return;
  }
  if (request.target == "/retry" && request.method == "POST") {
    (void)co_await exchange.respond(answer_to(answers_.retry_plan()));
    co_return;
  }
  if (request.target == "/look" && request.method == "POST") {
    answers_.look_again();
    (void)co_await exchange.respond(answer_to(std::string("looks again\n")));
    co_return;
  }
  (void)co_await exchange.respond({.status = 404,
                                   .headers = {},
                                   .body = "there is GET /status, PUT /plan, POST /retry and POST /look\n"});
}

namespace {

io::Task<Result<net::Response>> ask(const io::World& world, std::string socket_path, net::Request request) {
  io::Endpoint endpoint{.kind = io::Endpoint::Kind::Unix, .host = {}, .port = 0, .path = socket_path};
  net::HttpClient client(world.loop, net::make_dialer(world.network, endpoint), {.authority = "localhost"});
  auto response = co_await client.send(std::move(request), {.deadline = kDeadline});
  if (response) co_return response;
  co_return fail(ErrorCode::ServiceUnavailable, "no agent answers at " + socket_path +
                                                    ": is farholm-agent running, with this --state? (" +
                                                    response.error().message + ")");
}

io::Task<Result<std::string>> have_done(const io::World& world, std::string socket_path,
                                        net::Request request) {
  FARHOLM_CO_TRY(auto response, co_await ask(world, std::move(socket_path), std::move(request)));
  if (response.status == 200) co_return std::move(response.body);
  co_return fail(error_code_from_http_status(response.status), std::move(response.body));
}

}  // namespace

io::Task<Result<json::Value>> ask_report(const io::World& world, std::string socket_path) {
  FARHOLM_CO_TRY(const auto response,
                 co_await ask(world, std::move(socket_path),
                              {.method = "GET", .target = "/status", .headers = {}, .body = {}}));
  co_return json::parse(response.body);
}

io::Task<Result<std::string>> offer_to_agent(const io::World& world, std::string socket_path,
                                             std::string envelope) {
  co_return co_await have_done(
      world, std::move(socket_path),
      {.method = "PUT", .target = "/plan", .headers = {}, .body = std::move(envelope)});
}

io::Task<Result<std::string>> retry_at_agent(const io::World& world, std::string socket_path) {
  co_return co_await have_done(world, std::move(socket_path),
                               {.method = "POST", .target = "/retry", .headers = {}, .body = {}});
}

io::Task<Result<std::string>> have_agent_look(const io::World& world, std::string socket_path) {
  co_return co_await have_done(world, std::move(socket_path),
                               {.method = "POST", .target = "/look", .headers = {}, .body = {}});
}

}  // namespace farholm::agent
