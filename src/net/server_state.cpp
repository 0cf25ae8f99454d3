#include "net/server_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/scope.h"
#include "net/timed.h"

namespace farholm::net {
namespace {

// A body's memory doubles from here, so that thousands of bodies that never come cost little.
constexpr std::size_t kFirstBytes = 1 << 10;
// Who takes nothing for so long does not read, as far as others are concerned who wait for it.
constexpr io::Duration kStale = std::chrono::seconds(1);
// Longer nobody waits for others to read, be it ever so slowly.
constexpr io::Duration kTurnMost = std::chrono::seconds(10);

io::Task<Result<std::string>> read_charged(io::Loop& loop, BodyBudget& budget, BodyReader& body,
                                           std::uint64_t limit_bytes) {
  std::string whole;
  std::uint64_t charged = 0;
  // Most requests have no body: they need no memory, and are answered also when others have taken it all.
  std::array<std::byte, 64> beginning;
  FARHOLM_CO_TRY(const auto begun, co_await body.read(std::span(beginning).first(static_cast<std::size_t>(
                                       std::min<std::uint64_t>(beginning.size(), limit_bytes + 1)))));
  if (begun == 0) co_return whole;
  whole.assign(reinterpret_cast<const char*>(beginning.data()), begun);
  if (whole.size() > limit_bytes) {
    co_return fail(ErrorCode::RequestEntityTooLarge,
                   fmt::format("the request's body is longer than the limit of {} bytes", limit_bytes));
  }
  while (true) {
    const auto had = whole.size();
    if (had == whole.capacity() || charged == 0) {
      // One byte more than the limit is asked for, so that a body of exactly the limit is seen to end.
      // The last step goes to the end: the library at least doubles a string, and that of more than half of
      // the limit would be far beyond it.
      const auto next =
          had * 4 > limit_bytes ? limit_bytes + 1 : std::max<std::uint64_t>(kFirstBytes, had * 2);
      whole.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(next, limit_bytes + 1)));
      // What is allocated counts, not what has arrived.
      if (!budget.take(whole.capacity() - charged)) {
        co_return fail(ErrorCode::TooManyRequests, "too many large requests at once; try again later");
      }
      charged = whole.capacity();
    }
    whole.resize(static_cast<std::size_t>(std::min<std::uint64_t>(whole.capacity(), limit_bytes + 1)));
    FARHOLM_CO_TRY(const auto count,
                   co_await body.read(std::as_writable_bytes(std::span(whole).subspan(had))));
    whole.resize(had + count);
    if (count == 0) co_return whole;
    co_await loop.yield();  // who sends fast must not keep the loop from everybody else
    if (whole.size() > limit_bytes) {
      co_return fail(ErrorCode::RequestEntityTooLarge,
                     fmt::format("the request's body is longer than the limit of {} bytes", limit_bytes));
    }
  }
}

}  // namespace

bool BodyBudget::take(std::uint64_t bytes) {
  if (server_.body_bytes_held + bytes > server_.options.body_memory_bytes_max) return false;
  server_.body_bytes_held += bytes;
  held_ += bytes;
  return true;
}

io::Task<void> wait_for_room(ServerState& server) {
  const auto begin = server.loop.clock().monotonic();
  // Half of it, so that those who are let in together have room too.
  while (server.answer_bytes_held >= server.options.answer_memory_bytes_max / 2) {
    const auto stale_at = server.held_answers.front()->progressed_at() + kStale;
    const auto patience = std::min(stale_at, begin + kTurnMost) - server.loop.clock().monotonic();
    if (patience <= io::Duration::zero()) co_return;
    (void)co_await ends_within(server.loop, patience, [](io::Event& gone) -> io::Task<void> {
      co_await gone.wait();
    }(server.answer_gone));
  }
}

HeldAnswer::HeldAnswer(ServerState& server, std::size_t bytes, std::function<void()> give_up)
    : server_(server),
      bytes_(bytes),
      give_up_(std::move(give_up)),
      progressed_at_(server.loop.clock().monotonic()) {
  if (bytes_ < kBytesMin) return;
  while (server_.answer_bytes_held + bytes_ > server_.options.answer_memory_bytes_max &&
         !server_.held_answers.empty()) {
    auto& oldest = *server_.held_answers.front();
    oldest.forget();
    oldest.give_up_();
  }
  server_.answer_bytes_held += bytes_;
  position_ = server_.held_answers.insert(server_.held_answers.end(), this);
}

void HeldAnswer::forget() {
  if (!position_) return;
  server_.held_answers.erase(*position_);
  position_.reset();
  server_.answer_bytes_held -= bytes_;
  server_.answer_gone.notify();
}

void HeldAnswer::progressed() {
  if (!position_) return;
  progressed_at_ = server_.loop.clock().monotonic();
  server_.held_answers.splice(server_.held_answers.end(), server_.held_answers, *position_);
}

io::Task<Result<std::string>> read_body_within(ServerState& server, BodyBudget& budget, BodyReader& body,
                                               std::uint64_t limit_bytes) {
  return io::with_deadline(server.loop, server.options.body_timeout, "the request's body did not arrive",
                           read_charged(server.loop, budget, body, limit_bytes));
}

std::string http_date(io::WallTime time) {
  using namespace std::chrono;
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

Response plain_answer(int status, std::string_view detail) {
  return Response{.status = status,
                  .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                  .body = fmt::format("{} {}: {}\n", status, reason_phrase(status), detail)};
}

}  // namespace farholm::net
