#include "apiserver/watcher.h"

#include <algorithm>

#include "io/scope.h"

namespace farholm::apiserver {

using object::Answer;

struct Watcher::Session {
  net::Exchange& exchange;
  const ServedKind& kind;
  ListOptions options;
  Representation form;
  object::IncludeObject include;
  bool columns_sent = false;
  std::int64_t revision = 0;  // up to which everything was sent

  // Ages are those of the moment of sending.
  Renderer renderer(io::Clock& clock) const { return {kind, form, include, clock.now()}; }
};

namespace {

struct Transition {
  const char* type = nullptr;  // nullptr: the watcher does not see it
  const store::Entry* state = nullptr;
};

// What a change is to somebody who sees only what he selects.
Transition transition(const ServedKind& kind, const ListOptions& options, const store::Event& event) {
  const bool now = event.type != store::Event::Type::Deleted && selects(kind, options, *event.entry);
  const bool before = event.type == store::Event::Type::Deleted
                          ? selects(kind, options, *event.entry)
                          : event.previous && selects(kind, options, *event.previous);
  if (now) return {before ? "MODIFIED" : "ADDED", event.entry.get()};
  if (before) return {"DELETED", event.entry.get()};
  return {};
}

object::Failure too_old(std::int64_t revision, const store::Store& store) {
  return object::Failure({.code = ErrorCode::Expired,
                          .message = "too old resource version: " + std::to_string(revision) + " (" +
                                     std::to_string(store.revision()) + ")"});
}

net::Response head() {
  return {.status = 200,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}}};
}

}  // namespace

Result<std::string> Watcher::render_batch(Session& session,
                                          const std::vector<store::EventRef>& events) const {
  std::string text;
  const auto renderer = session.renderer(loop_.clock());
  for (const auto& event : events) {
    const auto seen = transition(session.kind, session.options, *event);
    session.revision = event->revision;
    if (!seen.type) continue;
    text += renderer.event(seen.type, *seen.state, !session.columns_sent);
    session.columns_sent = true;
  }
  return text;
}

io::Task<Result<void>> Watcher::send_initial(Session& session, const Reader::Listed& listed) {
  constexpr std::size_t kPieceBytes = 64 << 10;
  const auto renderer = session.renderer(loop_.clock());
  std::string piece;
  for (const auto& entry : listed.entries) {
    piece += renderer.event("ADDED", *entry, !session.columns_sent);
    session.columns_sent = true;
    if (piece.size() < kPieceBytes) continue;
    FARHOLM_CO_CHECK(co_await session.exchange.write(piece));
    piece.clear();
  }
  if (session.options.initial_events)
    piece += renderer.bookmark(listed.metadata.revision, /*initial_events_end=*/true);
  if (!piece.empty()) FARHOLM_CO_CHECK(co_await session.exchange.write(piece));
  co_return Result<void>();
}

io::Task<Result<void>> Watcher::send_changes(Session& session, store::Watch& changes) {
  const auto lasts =
      session.options.timeout_seconds
          ? std::chrono::seconds(*session.options.timeout_seconds)
          : kWatchTimeoutMin + std::chrono::seconds(io::random_below(entropy_, kWatchTimeoutMin.count()));
  const auto deadline = loop_.clock().monotonic() + lasts;
  auto next_bookmark = loop_.clock().monotonic() + kBookmarkInterval;
  while (true) {
    const auto now = loop_.clock().monotonic();
    const auto wake = session.options.bookmarks ? std::min(deadline, next_bookmark) : deadline;
    if (now < wake) {
      auto timer = [](io::Loop& loop, io::Duration duration) -> io::Task<int> {
        co_await loop.sleep(duration);
        co_return 0;
      }(loop_, wake - now);
      auto first = co_await io::first_of<Result<std::vector<store::EventRef>>, int>(loop_, changes.next(),
                                                                                    std::move(timer));
      if (first.index() == 0) {
        auto& events = std::get<0>(first);
        if (!events) {
          FARHOLM_CO_CHECK(co_await session.exchange.write(error_event(too_old(session.revision, store_))));
          co_return co_await session.exchange.end();
        }
        FARHOLM_CO_TRY(const std::string text, render_batch(session, *events));
        if (!text.empty()) FARHOLM_CO_CHECK(co_await session.exchange.write(text));
        continue;
      }
    }
    if (session.options.bookmarks) {
      const auto mark =
          session.renderer(loop_.clock()).bookmark(std::max(session.revision, changes.progress()), false);
      FARHOLM_CO_CHECK(co_await session.exchange.write(mark));
      next_bookmark = loop_.clock().monotonic() + kBookmarkInterval;
    }
    if (loop_.clock().monotonic() >= deadline) co_return co_await session.exchange.end();
  }
}

io::Task<Answer<void>> Watcher::watch(net::Exchange& exchange, const ServedKind& kind,
                                      std::optional<std::string> name_space, ListOptions options,
                                      Representation form, object::IncludeObject include) {
  form.yaml = false;  // a stream of documents has no other form than JSON
  Session session{.exchange = exchange,
                  .kind = kind,
                  .options = std::move(options),
                  .form = std::move(form),
                  .include = include};
  Reader::Listed initial;
  const bool lists = session.options.from_start || session.options.initial_events;
  session.revision = session.options.resource_version;
  if (lists) {
    ListOptions everything = session.options;
    everything.limit = 0;
    everything.continue_token.clear();
    FARHOLM_CO_TRY(initial, co_await reader_.list(kind, name_space, std::move(everything)));
    session.revision = initial.metadata.revision;
  }
  store::WatchOptions from{.resource = kind.store_resource,
                           .after_revision = session.revision,
                           .name_space = std::move(name_space)};
  from.name = session.options.fields.exact("metadata.name");
  auto changes = store_.watch(std::move(from));
  auto sent = co_await exchange.begin(head());
  if (!sent) co_return Answer<void>();
  if (!changes) {
    sent = co_await exchange.write(error_event(too_old(session.revision, store_)));
    if (sent) sent = co_await exchange.end();
    co_return Answer<void>();
  }
  if (lists) sent = co_await send_initial(session, initial);
  initial = {};
  // An error means that the client has gone: nobody is left to be told.
  if (sent) sent = co_await send_changes(session, **changes);
  co_return Answer<void>();
}

}  // namespace farholm::apiserver
