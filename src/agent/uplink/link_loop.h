// LinkLoop: the host's end of one control link (docs/formats/link.md): says who follows which plan, hears
// which plan it should have, sends the report's differences and what happened. Knows nothing of dialling
// again. One thread.
#pragma once

#include <functional>
#include <string>

#include "agent/uplink/uplink.h"
#include "link/channel.h"
#include "link/status_sync.h"

namespace farholm::agent {

// Reports change in bursts; one frame for a burst is enough.
inline constexpr auto kReportBurst = std::chrono::milliseconds(500);
// A hub that takes no events now is asked again after this.
inline constexpr auto kEventsPause = std::chrono::seconds(60);

class LinkLoop {
 public:
  struct Parts {
    io::World world;
    UplinkSite& site;
    link::StatusSender& sender;  // outlives links, so that the next one need not send everything
    // Of the plan that the site follows: {"epoch","generation","envelope"}, or null.
    std::function<json::Value()> followed_plan;
    std::function<void(std::string envelope_digest)> wanted;
    std::function<void(std::optional<io::WallTime> hub_time)> welcomed;
  };
  LinkLoop(Parts parts, std::unique_ptr<io::Stream> stream)
      : parts_(std::move(parts)),
        channel_(parts_.world.loop, std::move(stream)),
        events_taken_(parts_.world.loop),
        failed_(parts_.world.loop) {}

  // Until the link ends; the error says why.
  io::Task<Result<void>> run();

 private:
  io::Task<Result<void>> receive();
  io::Task<void> watch_report();
  io::Task<void> watch_events();
  io::Task<void> ping();
  Result<void> send(link::Frame frame);
  void send_report();

  Parts parts_;
  link::Channel channel_;
  io::Event events_taken_;  // the hub has answered the last ones
  io::Event failed_;        // a side task found the link dead
  io::MonotonicTime last_sent_;
  io::Duration heartbeat_ = std::chrono::seconds(30);
};

}  // namespace farholm::agent
