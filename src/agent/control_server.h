// The agent's local door: HTTP on a unix socket in its state folder, for `farholm-agent status` and for
// people on the box. Who may open the socket (root) may ask. One thread.
#pragma once

#include <functional>
#include <memory>

#include "base/log.h"
#include "io/world.h"
#include "json/json.h"
#include "net/server.h"

namespace farholm::agent {

class ControlServer final : private net::HttpHandler {
 public:
  struct Answers {
    std::function<json::Value()> report;                              // report.h, at the moment of asking
    std::function<Result<std::string>(std::string_view)> offer_plan;  // an envelope; says what became of it
    std::function<Result<std::string>()> retry_plan;  // the one that was given up; says what happens now
    std::function<void()> look_again;                 // something here was changed by hand
  };
  ControlServer(const io::World& world, Logger log, Answers answers);

  // Until it is dropped.
  io::Task<void> serve(io::Listener& listener) { return server_.serve(listener); }

 private:
  io::Task<void> handle(net::Exchange& exchange) override;

  Answers answers_;
  net::HttpServer server_;
};

// Asks the agent that holds `socket_path`. ServiceUnavailable, with what to do, when none runs.
io::Task<Result<json::Value>> ask_report(const io::World& world, std::string socket_path);
// Offers a plan to it; says what became of it. Forbidden, with the reason, when it is refused.
io::Task<Result<std::string>> offer_to_agent(const io::World& world, std::string socket_path,
                                             std::string envelope);
// Has it try the plan again that it gave up. An error when it gave up none.
io::Task<Result<std::string>> retry_at_agent(const io::World& world, std::string socket_path);
// Tells it that something in its state folder was changed by hand.
io::Task<Result<std::string>> have_agent_look(const io::World& world, std::string socket_path);

}  // namespace farholm::agent
