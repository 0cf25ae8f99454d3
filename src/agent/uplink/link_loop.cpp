#include "agent/uplink/link_loop.h"

#include <algorithm>

#include "io/scope.h"
#include "trust/timestamp.h"

namespace farholm::agent {
namespace {

constexpr auto kWelcomeTimeout = std::chrono::seconds(15);
constexpr std::int64_t kHeartbeatSecondsMin = 1;
constexpr std::int64_t kHeartbeatSecondsMax = 600;

}  // namespace

Result<void> LinkLoop::send(link::Frame frame) {
  last_sent_ = parts_.world.clock.monotonic();
  return channel_.send(frame);
}

void LinkLoop::send_report() {
  parts_.sender.update(parts_.site.report());
  if (auto body = parts_.sender.next()) {
    if (!send({.type = link::FrameType::Status, .body = std::move(*body)})) failed_.set();
  }
}

io::Task<Result<void>> LinkLoop::run() {
  auto& loop = parts_.world.loop;
  io::Scope beside(loop);
  beside.spawn([](LinkLoop& self) -> io::Task<void> {
    if (auto sent = co_await self.channel_.pump(); !sent) self.failed_.set();
  }(*this));
  parts_.sender.update(parts_.site.report());
  json::Value hello{
      {"version", link::kVersion}, {"agent", kVersion}, {"status", parts_.sender.newest_digest()}};
  if (auto plan = parts_.followed_plan(); plan.is_object()) hello["plan"] = std::move(plan);
  FARHOLM_CO_CHECK(send({.type = link::FrameType::Hello, .body = std::move(hello)}));
  FARHOLM_CO_TRY(const auto welcome,
                 co_await io::with_deadline<link::Frame>(loop, kWelcomeTimeout, "the hub did not welcome us",
                                                         channel_.receive()));
  if (welcome.type != link::FrameType::Welcome)
    co_return fail(ErrorCode::BadRequest, "the hub began with something else than a welcome");
  heartbeat_ =
      std::chrono::seconds(std::clamp(json::find_integer(welcome.body, "heartbeatSeconds").value_or(30),
                                      kHeartbeatSecondsMin, kHeartbeatSecondsMax));
  parts_.sender.connected(json::string_or(welcome.body, "status"));
  const auto time = trust::parse_timestamp(json::string_or(welcome.body, "time"));
  parts_.welcomed(time ? std::optional(*time) : std::nullopt);
  beside.spawn(watch_report());
  beside.spawn(watch_events());
  beside.spawn(ping());
  auto outcome =
      co_await io::first_of<Result<void>, bool>(loop, receive(), [](io::Event& failed) -> io::Task<bool> {
        co_await failed.wait();
        co_return true;
      }(failed_));
  if (outcome.index() == 0) co_return std::move(std::get<0>(outcome));
  co_return fail(ErrorCode::Gone, "the link to the hub broke");
}

io::Task<Result<void>> LinkLoop::receive() {
  while (true) {
    FARHOLM_CO_TRY(const auto frame, co_await io::with_deadline<link::Frame>(
                                         parts_.world.loop, 3 * heartbeat_, "nothing was heard from the hub",
                                         channel_.receive()));
    if (frame.type == link::FrameType::Want) {
      FARHOLM_CO_TRY(auto digest, json::require_string(frame.body, "plan"));
      parts_.wanted(std::move(digest));
    } else if (frame.type == link::FrameType::Acknowledge) {
      parts_.sender.acknowledged(json::find_integer(frame.body, "sequence").value_or(0),
                                 json::string_or(frame.body, "status"));
      send_report();
    } else if (frame.type == link::FrameType::Taken) {
      parts_.site.events().delivered(json::string_or(frame.body, "journal"),
                                     json::find_integer(frame.body, "through").value_or(0));
      events_taken_.set();
    } else if (frame.type == link::FrameType::Ping) {
      FARHOLM_CO_CHECK(send({.type = link::FrameType::Pong}));
    }
  }
}

io::Task<void> LinkLoop::watch_report() {
  while (true) {
    send_report();
    co_await parts_.site.report_changed().wait();
    co_await parts_.world.loop.sleep(kReportBurst);
  }
}

io::Task<void> LinkLoop::watch_events() {
  auto& journal = parts_.site.events();
  while (true) {
    const auto batch = journal.undelivered();
    if (batch.events.empty()) {
      co_await journal.recorded().wait();
      continue;
    }
    events_taken_.clear();
    if (!send({.type = link::FrameType::Events, .body = link::to_json(batch)})) failed_.set();
    co_await events_taken_.wait();
    const auto next = journal.undelivered();
    const bool took_some = next.events.empty() || next.events.front() != batch.events.front();
    if (!took_some) co_await parts_.world.loop.sleep(kEventsPause);
  }
}

// The hub answers each ping, so both sides hear each other.
io::Task<void> LinkLoop::ping() {
  while (true) {
    const auto due = last_sent_ + heartbeat_;
    const auto now = parts_.world.clock.monotonic();
    if (now < due) {
      co_await parts_.world.loop.sleep(due - now);
      continue;
    }
    if (!send({.type = link::FrameType::Ping})) failed_.set();
  }
}

}  // namespace farholm::agent
