#include "hub/gateway.h"

#include "hub/content_handler.h"
#include "hub/resources.h"
#include "link/pace.h"
#include "link/status_sync.h"

namespace farholm::hub {
namespace {

// Counts a link that has not said hello; it ends with its greeting.
class Greeting {
 public:
  Greeting(std::map<std::string, std::size_t>& all, std::string uid) : all_(all), uid_(std::move(uid)) {
    ++all_[uid_];
  }
  Greeting(const Greeting&) = delete;
  Greeting& operator=(const Greeting&) = delete;
  ~Greeting() {
    const auto mine = all_.find(uid_);
    if (--mine->second == 0) all_.erase(mine);
  }

 private:
  std::map<std::string, std::size_t>& all_;
  std::string uid_;
};

}  // namespace

struct Gateway::Session {
  Session(io::Loop& loop, std::unique_ptr<io::Stream> stream, std::string uid)
      : channel(loop, std::move(stream),
                {.frame_bytes_max = kHelloBytesMax, .unsent_bytes_max = kUnsentBytesMax}),
        uid(std::move(uid)),
        ended(loop) {}

  link::Channel channel;
  std::string uid;
  std::string has_envelope;  // that the host said it has, or was told
  link::Pace pace{kFrameBurst, kFramesPerSecond};
  io::Event ended;  // somebody else wants it to end
};

Gateway::Gateway(Parts parts)
    : parts_(std::move(parts)), started_(parts_.world.clock.monotonic()), scope_(parts_.world.loop) {
  parts_.store.limit_history(std::string(kReports), kReportHistoryBytesMax);
}
Gateway::~Gateway() = default;

void Gateway::take(std::unique_ptr<io::SecureStream> stream, net::Peer peer) {
  auto uid = host_of(peer, parts_.directory);
  if (!uid) {
    parts_.log.debug("a link from {} was refused: {}", peer.address, uid.error().message);
    return;
  }
  if (scope_.size() >= kSessionsMax) {
    parts_.log.warning("a link from {} was refused: there are {} already", peer.address, kSessionsMax);
    return;
  }
  if (const auto greetings = greetings_.find(*uid);
      greetings != greetings_.end() && greetings->second >= kGreetingsPerHostMax) {
    parts_.log.debug("a link of host {} was refused: {} of it have not said hello", *uid,
                     kGreetingsPerHostMax);
    return;
  }
  scope_.spawn(serve(std::move(stream), std::move(*uid)));
}

void Gateway::want(const std::string& uid, const PlanRecord& record) {
  wanted_[uid] = {record.envelope, record.size_bytes};
  if (const auto session = sessions_.find(uid); session != sessions_.end()) {
    if (auto sent = send_want(*session->second); !sent) session->second->ended.set();
  }
}

void Gateway::forget(const std::string& uid) {
  wanted_.erase(uid);
}

void Gateway::drop(const std::string& uid) {
  if (const auto session = sessions_.find(uid); session != sessions_.end()) session->second->ended.set();
}

Presence Gateway::presence(const std::string& uid) const {
  if (sessions_.contains(uid)) return Presence::Connected;
  if (away_.contains(uid) || parts_.world.clock.monotonic() < started_ + kStartGrace)
    return Presence::AsBefore;
  return Presence::Lost;
}

Result<void> Gateway::send_want(Session& session) {
  const auto wanted = wanted_.find(session.uid);
  if (wanted == wanted_.end() || wanted->second.envelope == session.has_envelope) return {};
  session.has_envelope = wanted->second.envelope;
  return session.channel.send(
      {.type = link::FrameType::Want,
       .body = {{"plan", wanted->second.envelope}, {"sizeBytes", wanted->second.size_bytes}}});
}

io::Task<void> Gateway::serve(std::unique_ptr<io::Stream> stream, std::string uid) {
  Session session(parts_.world.loop, std::move(stream), uid);
  std::optional<Greeting> greeting(std::in_place, greetings_, uid);
  auto hello = co_await io::with_deadline<link::Frame>(parts_.world.loop, kHelloTimeout, "no hello came",
                                                       session.channel.receive());
  if (!hello || hello->type != link::FrameType::Hello) co_return;
  if (const auto* plan = json::find_object(hello->body, "plan"))
    session.has_envelope = json::string_or(*plan, "envelope");
  greeting.reset();
  session.channel.take_frames_of(kHostFrameBytesMax);

  // A newer connection of the same host wins: the older one is most likely dead already.
  if (const auto older = sessions_.find(uid); older != sessions_.end()) older->second->ended.set();
  sessions_[uid] = &session;
  away_.erase(uid);
  parts_.presence_changed(uid);
  auto outcome = co_await io::first_of<Result<void>, bool>(parts_.world.loop, converse(session),
                                                           [](io::Event& ended) -> io::Task<bool> {
                                                             co_await ended.wait();
                                                             co_return true;
                                                           }(session.ended));
  if (outcome.index() == 0 && !std::get<0>(outcome))
    parts_.log.debug("the link of host {} ended: {}", uid, std::get<0>(outcome).error().to_string());
  if (const auto mine = sessions_.find(uid); mine != sessions_.end() && mine->second == &session) {
    sessions_.erase(mine);
    away_.insert(uid);
    scope_.spawn(notice_absence(uid));
  }
}

io::Task<void> Gateway::notice_absence(std::string uid) {
  co_await parts_.world.loop.sleep(kAbsenceGrace);
  away_.erase(uid);
  if (!sessions_.contains(uid)) parts_.presence_changed(uid);
}

io::Task<Result<void>> Gateway::converse(Session& session) {
  FARHOLM_CO_CHECK(session.channel.send({.type = link::FrameType::Welcome,
                                         .body = {{"version", link::kVersion},
                                                  {"heartbeatSeconds", kHeartbeat.count()},
                                                  {"time", io::to_rfc3339(parts_.world.clock.now())},
                                                  {"status", receiver_of(session).digest()}}}));
  FARHOLM_CO_CHECK(send_want(session));
  io::Scope sending(parts_.world.loop);
  sending.spawn([](Session& of) -> io::Task<void> {
    if (auto sent = co_await of.channel.pump(); !sent) of.ended.set();
  }(session));
  while (true) {
    FARHOLM_CO_TRY(const auto raw, co_await io::with_deadline<link::RawFrame>(
                                       parts_.world.loop, 3 * kHeartbeat, "nothing was heard",
                                       session.channel.receive_raw()));
    FARHOLM_CO_TRY(auto frame, link::parse_frame(raw));
    if (frame.type == link::FrameType::Ping) {
      FARHOLM_CO_CHECK(session.channel.send({.type = link::FrameType::Pong}));
    } else if (frame.type == link::FrameType::Status) {
      FARHOLM_CO_CHECK(co_await take_status(session, std::move(frame.body)));
    } else if (frame.type == link::FrameType::Events) {
      FARHOLM_CO_CHECK(co_await take_events(session, std::move(frame.body)));
    } else {
      co_return fail(ErrorCode::BadRequest, "a frame that no host sends, or a second hello");
    }
    frame.body = nullptr;
    // Not read meanwhile: its own connection holds it back.
    const auto cost = 1 + static_cast<std::int64_t>(session.channel.last_frame_bytes() / kBytesPerFrame);
    if (const auto pause = session.pace.take(cost, parts_.world.clock.monotonic());
        pause > io::Duration::zero())
      co_await parts_.world.loop.sleep(pause);
  }
}

// From the store each time: what every host has said would be a lot to hold twice.
link::StatusReceiver Gateway::receiver_of(const Session& session) const {
  return link::StatusReceiver(report_of(parts_.store.get(key_of(kReports, "", session.uid))));
}

// What a status frame makes of the report that we have: nothing when it is against another one.
Result<std::optional<Gateway::NewReport>> Gateway::read_status(const Session& session,
                                                               const json::Value& body) const {
  auto receiver = receiver_of(session);
  FARHOLM_TRY(const bool taken, receiver.take(body));
  if (!taken) return std::optional<NewReport>();
  NewReport report{.text = json::to_text(receiver.status()), .digest = receiver.digest()};
  // Patches of a bounded frame could still pile up to anything.
  if (report.text.size() <= kReportBytesMax) return std::optional(std::move(report));
  parts_.log.warning("the report of host {} is {} bytes long, more than the {} that are taken", session.uid,
                     report.text.size(), kReportBytesMax);
  return fail(ErrorCode::RequestEntityTooLarge, "the host's report has grown too large");
}

io::Task<Result<void>> Gateway::take_status(Session& session, json::Value body) {
  FARHOLM_CO_TRY(const auto sequence, json::require_integer(body, "sequence"));
  FARHOLM_CO_TRY(auto report, read_status(session, body));
  // As a document it is many times its text: not held while the disk is waited for.
  body = nullptr;
  json::Value answer{{"sequence", sequence}};
  if (report) {
    auto written = co_await store::mutate(
        parts_.store, key_of(kReports, "", session.uid),
        [text = std::move(report->text)](const store::Entry* current) -> Result<store::Change> {
          json::Value value = current ? current->value : json::Value{{"metadata", json::Value::object()}};
          value["report"] = text;
          return store::Change::put(std::move(value));
        });
    if (!written) co_return std::unexpected(std::move(written).error());
    answer["status"] = report->digest;
  }
  co_return session.channel.send({.type = link::FrameType::Acknowledge, .body = std::move(answer)});
}

io::Task<Result<void>> Gateway::take_events(Session& session, json::Value body) {
  FARHOLM_CO_TRY(auto batch, link::parse_event_batch(body));
  const auto journal = batch.journal;
  FARHOLM_CO_TRY(const auto through, co_await parts_.events.take(session.uid, std::move(batch)));
  co_return session.channel.send(
      {.type = link::FrameType::Taken, .body = {{"journal", journal}, {"through", through}}});
}

}  // namespace farholm::hub
