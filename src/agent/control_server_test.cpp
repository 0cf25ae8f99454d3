// The agent's local door, over a simulated machine's unix socket.
#include "agent/control_server.h"

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"

namespace farholm::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kSocket = "/state/agent.sock";

class ControlServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(machine_.files().make_directories("/state"));
    listener_ = machine_.world().network.listen(endpoint()).value();
    scope_.spawn(server_.serve(*listener_));
  }
  static io::Endpoint endpoint() {
    return {.kind = io::Endpoint::Kind::Unix, .host = {}, .port = 0, .path = kSocket};
  }
  std::unique_ptr<io::Stream> dial() {
    return world_.loop().run(machine_.world().network.connect(endpoint())).value();
  }
  // Everything that the door says to these bytes, until it closes or nothing came for `patience`.
  std::string say(io::Stream& stream, std::string_view bytes, io::Duration patience = 1h) {
    EXPECT_TRUE(world_.loop().run(io::write_all(stream, as_bytes(bytes))));
    std::string text;
    (void)world_.loop().run(io::with_deadline(
        world_.loop(), patience, "the end",
        [](io::Stream& from, std::string& into) -> io::Task<Result<bool>> {
          std::string piece(4096, '\0');
          while (true) {
            FARHOLM_CO_TRY(const auto count,
                           co_await io::read_some(from, std::as_writable_bytes(std::span(piece))));
            if (count == 0) co_return true;
            into.append(piece, 0, count);
          }
        }(stream, text)));
    return text;
  }

  io::sim::SimWorld world_{7};
  io::sim::SimMachine& machine_ = world_.add_machine("box");
  NullSink sink_;
  std::string offered_;
  bool given_up_ = true;
  int looks_ = 0;
  ControlServer server_{machine_.world(),
                        Logger(sink_, "door"),
                        {.report = [] { return json::Value{{"host", "edge-1"}}; },
                         .offer_plan = [this](std::string_view envelope) -> Result<std::string> {
                           offered_ = envelope;
                           if (envelope == "wrong")
                             return fail(ErrorCode::Forbidden, "not signed by the role plan");
                           return std::string("accepted\n");
                         },
                         .retry_plan = [this]() -> Result<std::string> {
                           if (!given_up_) return fail(ErrorCode::Conflict, "no plan was given up");
                           return std::string("tried again\n");
                         },
                         .look_again = [this] { ++looks_; }}};
  std::unique_ptr<io::Listener> listener_;
  io::Scope scope_{world_.loop()};
};

TEST_F(ControlServerTest, RetriesAPlanThatWasGivenUp) {
  EXPECT_EQ(world_.loop().run(retry_at_agent(machine_.world(), kSocket)).value_or("refused"),
            "tried again\n");
  given_up_ = false;
  const auto refused = world_.loop().run(retry_at_agent(machine_.world(), kSocket));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no plan was given up"));
}

TEST_F(ControlServerTest, LooksAgainWhenItIsTold) {
  EXPECT_TRUE(world_.loop().run(have_agent_look(machine_.world(), kSocket)));
  EXPECT_EQ(looks_, 1);
}

TEST_F(ControlServerTest, TellsTheReportToWhoAsks) {
  const auto report = world_.loop().run(ask_report(machine_.world(), kSocket));
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ((*report)["host"], "edge-1");
}

TEST_F(ControlServerTest, HandsAPlanOnAndSaysWhatBecameOfIt) {
  EXPECT_EQ(world_.loop().run(offer_to_agent(machine_.world(), kSocket, "a plan")).value(), "accepted\n");
  EXPECT_EQ(offered_, "a plan");
  const auto refused = world_.loop().run(offer_to_agent(machine_.world(), kSocket, "wrong"));
  EXPECT_EQ(refused.error().code, ErrorCode::Forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("not signed"));
}

TEST_F(ControlServerTest, WhereNoAgentRunsItIsSaid) {
  const auto report = world_.loop().run(ask_report(machine_.world(), "/elsewhere/agent.sock"));
  EXPECT_EQ(report.error().code, ErrorCode::ServiceUnavailable);
  EXPECT_THAT(report.error().message, HasSubstr("is farholm-agent running"));
}

TEST_F(ControlServerTest, AnythingElseIs404AndGarbageIs400) {
  for (const auto* what : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /status HTTP/1.1\r\nHost: a\r\n\r\n",
                           "GET /plan HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    EXPECT_THAT(say(*dial(), what, 1s), HasSubstr("404")) << what;
  }
  EXPECT_THAT(say(*dial(), "garbage\r\n\r\n"), HasSubstr(" 400 "));
}

TEST_F(ControlServerTest, APlanThatIsTooLongIsRefusedBeforeItIsRead) {
  EXPECT_THAT(say(*dial(), "PUT /plan HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"),
              HasSubstr(" 413 "));
  EXPECT_EQ(offered_, "");
}

TEST_F(ControlServerTest, SixtyFourWhoNeverFinishDoNotKeepOthersOutAndAreClosed) {
  std::vector<std::unique_ptr<io::Stream>> slow;
  for (int i = 0; i < 64; ++i) {
    slow.push_back(dial());
    ASSERT_TRUE(world_.loop().run(io::write_all(
        *slow.back(), as_bytes("PUT /plan HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\nx"))));
  }
  EXPECT_TRUE(world_.loop().run(ask_report(machine_.world(), kSocket)));
  for (const auto& stream : slow) {
    const auto said = say(*stream, "");
    EXPECT_THAT(said, testing::AnyOf(HasSubstr(" 504 "), HasSubstr(" 408 "), HasSubstr(" 429 "))) << said;
  }
  EXPECT_EQ(offered_, "");
}

}  // namespace
}  // namespace farholm::agent
