// The site's registry as Docker Engine and containerd meet it, over a simulated network.
#include "agent/registry_server.h"

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "json/json.h"
#include "net/client.h"

namespace farholm::agent {
namespace {

using namespace std::chrono_literals;

class RegistryServerTest : public testing::Test {
 protected:
  void SetUp() override {
    content::BlobStore store(machine_.files(), state_.content(), Logger(sink_, "content"));
    layer_ = store.put(std::string(3 * content::kPieceBytesMax, 'x')).value().to_string();
    secret_ = store.put("of another plan").value().to_string();
    manifest_ = store.put(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})")
                    .value()
                    .to_string();
    allow({layer_, manifest_});
    listener_ = machine_.world().network.listen({.host = "127.0.0.1", .port = 5000}).value();
    scope_.spawn(server_.serve(*listener_));
  }
  void allow(const std::vector<std::string>& blobs) {
    ASSERT_TRUE(io::write_file_atomically(
        machine_.files(), state_.images(),
        json::to_text({{"images", {{"farholm.dev/till:1.0.0", manifest_}}}, {"blobs", blobs}})));
  }
  net::Response get(const std::string& target, const std::string& range = "") {
    net::HttpClient client(world_.loop(),
                           net::make_dialer(machine_.world().network, {.host = "127.0.0.1", .port = 5000}),
                           {.authority = "127.0.0.1:5000"});
    net::Request request{.method = "GET", .target = target, .headers = {}, .body = {}};
    if (!range.empty()) request.headers.add("Range", range);
    auto response = world_.loop().run(client.send(std::move(request), {.deadline = 1min}));
    EXPECT_TRUE(response) << response.error().to_string();
    return response ? std::move(*response) : net::Response{.status = 0, .headers = {}, .body = {}};
  }
  std::unique_ptr<io::Stream> dial() {
    return world_.loop()
        .run(machine_.world().network.connect(
            {.kind = io::Endpoint::Kind::Tcp, .host = "127.0.0.1", .port = 5000, .path = {}}))
        .value();
  }

  io::sim::SimWorld world_{7};
  io::sim::SimMachine& machine_ = world_.add_machine("box");
  StateFolder state_{"/state"};
  NullSink sink_;
  std::string layer_, manifest_, secret_;
  RegistryServer server_{machine_.world(), Logger(sink_, "registry"), state_};
  std::unique_ptr<io::Listener> listener_;
  io::Scope scope_{world_.loop()};
};

TEST_F(RegistryServerTest, ServesLayersByDigestWhollyAndInParts) {
  EXPECT_EQ(get("/v2/").status, 200);
  EXPECT_EQ(get("/v2/farholm.dev/till/blobs/" + layer_).body, std::string(3 * content::kPieceBytesMax, 'x'));
  const auto part = get("/v2/farholm.dev/till/blobs/" + layer_, "bytes=10-19");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, std::string(10, 'x'));
}

TEST_F(RegistryServerTest, ServesNothingThatTheAcceptedPlanDoesNotName) {
  EXPECT_EQ(get("/v2/farholm.dev/till/blobs/" + secret_).status, 404);
  EXPECT_EQ(get("/v2/farholm.dev/till/manifests/9.9.9").status, 404);
}

TEST_F(RegistryServerTest, TakesANewCatalogUpWithoutARestart) {
  ASSERT_EQ(get("/v2/farholm.dev/till/blobs/" + secret_).status, 404);
  world_.loop().run(
      [](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(std::chrono::seconds(2)); }(world_.loop()));
  allow({layer_, manifest_, secret_});
  EXPECT_EQ(get("/v2/farholm.dev/till/blobs/" + secret_).body, "of another plan");
}

TEST_F(RegistryServerTest, RefusesWhatIsNoRequestOfARegistry) {
  EXPECT_EQ(get("/v2/farholm.dev/till/blobs/sha256:zz").status, 400);
  EXPECT_EQ(get("/%zz").status, 400);
  EXPECT_EQ(get("/etc/passwd").status, 404);
}

TEST_F(RegistryServerTest, SixtyFourWhoDoNotReadTheirLayerDoNotKeepOthersOutAndAreClosed) {
  std::vector<std::unique_ptr<io::Stream>> slow;
  for (int i = 0; i < 64; ++i) {
    slow.push_back(dial());
    ASSERT_TRUE(world_.loop().run(io::write_all(
        *slow.back(),
        as_bytes("GET /v2/farholm.dev/till/blobs/" + layer_ + " HTTP/1.1\r\nHost: a\r\n\r\n"))));
  }
  EXPECT_EQ(get("/v2/").status, 200);
  world_.loop().run([](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(5min); }(world_.loop()));
  for (const auto& stream : slow) {
    // What was under way is there, and then the end: not the whole layer.
    std::size_t total = 0;
    std::string piece(64 << 10, '\0');
    while (true) {
      const auto count = world_.loop().run(io::read_some(*stream, std::as_writable_bytes(std::span(piece))));
      if (!count || *count == 0) break;
      total += *count;
    }
    EXPECT_LT(total, 3 * content::kPieceBytesMax);
  }
}

}  // namespace
}  // namespace farholm::agent
