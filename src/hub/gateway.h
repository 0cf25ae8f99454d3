// Gateway: the hub's ends of the control links (docs/formats/link.md), one session a connected host. Plans go
// down as digests, reports come up as differences and are acknowledged when they are durable; a heartbeat is
// never a write, and neither is a short break. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/log.h"
#include "hub/directory.h"
#include "hub/host.h"
#include "hub/plan_record.h"
#include "hub/site_events.h"
#include "io/scope.h"
#include "io/world.h"
#include "link/channel.h"
#include "link/status_sync.h"
#include "net/server.h"
#include "store/store.h"

namespace farholm::hub {

inline constexpr std::size_t kSessionsMax = 100'000;
inline constexpr std::chrono::seconds kHeartbeat(30);
inline constexpr std::chrono::seconds kHelloTimeout(10);
// A host that is away for less was never away.
inline constexpr std::chrono::seconds kAbsenceGrace(10);
// After a start the hub knows nothing of who is away until everyone had the time to dial (the longest pause
// of an agent is five minutes).
inline constexpr std::chrono::seconds kStartGrace(360);
// A host's report, and what is kept of earlier ones for those who watch them.
inline constexpr std::size_t kReportBytesMax = 32 << 10;
inline constexpr std::size_t kReportHistoryBytesMax = 2 << 20;
// What is taken from a host: of one that has not said hello, and of one that has (a patch may name all that
// was and all that is). Less than the link allows, so that many hostile hosts together cost little.
inline constexpr std::size_t kHelloBytesMax = 4 << 10;
inline constexpr std::size_t kHostFrameBytesMax = 2 * kReportBytesMax + (4 << 10);
// What waits for a host that does not read; our own frames are some hundred bytes.
inline constexpr std::size_t kUnsentBytesMax = 16 << 10;
// Links of one host that have not said hello; more are refused.
inline constexpr std::size_t kGreetingsPerHostMax = 8;
// A host's frames are worked on so fast and no faster: one each, and one more for every 4 KiB of it.
inline constexpr std::int64_t kFrameBurst = 200;
inline constexpr std::int64_t kFramesPerSecond = 20;
inline constexpr std::size_t kBytesPerFrame = 4 << 10;

class Gateway final : public net::ProtocolHandler {
 public:
  struct Parts {
    io::World world;
    store::Store& store;
    const Directory& directory;
    SiteEvents& events;
    Logger log;
    // A host came, or has been away long enough to say so; by its UID.
    std::function<void(const std::string&)> presence_changed;
  };
  explicit Gateway(Parts parts);
  ~Gateway() override;

  void take(std::unique_ptr<io::SecureStream> stream, net::Peer peer) override;

  // The plan that this host should have; told at once, and whenever it connects.
  void want(const std::string& uid, const PlanRecord& record);
  void forget(const std::string& uid);
  // Ends the host's link, if there is one: it may not be here any more.
  void drop(const std::string& uid);
  Presence presence(const std::string& uid) const;
  std::size_t session_count() const { return sessions_.size(); }

 private:
  struct Session;
  struct Wanted {
    std::string envelope;
    std::uint64_t size_bytes = 0;
  };
  io::Task<void> serve(std::unique_ptr<io::Stream> stream, std::string uid);
  io::Task<Result<void>> converse(Session& session);
  io::Task<Result<void>> take_status(Session& session, json::Value body);
  io::Task<Result<void>> take_events(Session& session, json::Value body);
  struct NewReport {
    std::string text, digest;
  };
  Result<std::optional<NewReport>> read_status(const Session& session, const json::Value& body) const;
  link::StatusReceiver receiver_of(const Session& session) const;
  io::Task<void> notice_absence(std::string uid);
  Result<void> send_want(Session& session);

  Parts parts_;
  io::MonotonicTime started_;
  std::map<std::string, Session*> sessions_;  // by UID; owned by their coroutines
  std::map<std::string, Wanted> wanted_;
  std::set<std::string> away_;                    // within the grace
  std::map<std::string, std::size_t> greetings_;  // links of a host that have not said hello
  io::Scope scope_;
};

}  // namespace farholm::hub
