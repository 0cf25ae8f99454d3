// Gateway: the hub's ends of the control links (docs/formats/link.md), one session a connected host. Plans go
// down as digests, reports come up as differences and are acknowledged when they are durable; a heartbeat is
// never a write, and neither is a short break. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/log.h"
#include "hub/directory.h"
#include "hub/host.h"
#include "hub/plan_record.h"
#include "io/scope.h"
#include "io/world.h"
#include "link/channel.h"
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
inline constexpr std::size_t kReportBytesMax = 1 << 20;

class Gateway final : public net::ProtocolHandler {
 public:
  struct Parts {
    io::World world;
    store::Store& store;
    const Directory& directory;
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
  io::Task<void> notice_absence(std::string uid);
  Result<void> send_want(Session& session);

  Parts parts_;
  io::MonotonicTime started_;
  std::map<std::string, Session*> sessions_;  // by UID; owned by their coroutines
  std::map<std::string, Wanted> wanted_;
  std::set<std::string> away_;  // within the grace
  io::Scope scope_;
};

}  // namespace farholm::hub
