#include <gmock/gmock.h>

#include "apiserver/test_server.h"

namespace farholm::apiserver {
namespace {

using testing::ElementsAre;

class WatchTest : public ApiServerTest {
 protected:
  // Runs a watch to its end while `meanwhile` is done; "ADDED a", "BOOKMARK ".
  std::vector<std::string> watched(const std::string& query, const std::function<void()>& meanwhile = {},
                                   net::Headers headers = {}) {
    FakeExchange exchange(
        world_.loop(),
        request("GET", std::string(kBoxes) + "?watch=1&timeoutSeconds=100" + query, "", std::move(headers)));
    io::Scope scope(world_.loop());
    scope.spawn(server_->handle(exchange));
    if (meanwhile) meanwhile();
    world_.loop().run(until_ended(exchange));
    last_ = exchange.response->body;
    EXPECT_EQ(exchange.response->status, 200) << last_;
    std::vector<std::string> events;
    for (std::size_t begin = 0; begin < last_.size();) {
      const auto end = last_.find('\n', begin);
      const auto event = json::Value::parse(last_.substr(begin, end - begin), nullptr, false);
      EXPECT_FALSE(event.is_discarded()) << last_;
      const auto* name = json::find_path(event, {"object", "metadata", "name"});
      events.push_back(json::string_or(event, "type") + " " + (name ? name->get<std::string>() : ""));
      begin = end + 1;
    }
    return events;
  }
  static io::Task<void> until_ended(FakeExchange& exchange) {
    while (!exchange.ended) co_await exchange.changed.wait();
  }
  void create(const char* name, const char* region = "north") {
    auto object = box(name);
    object["metadata"]["labels"] = {{"region", region}};
    EXPECT_EQ(send("POST", kBoxes, object).status, 201);
  }
  void label(const char* name, const char* region) {
    send("PATCH", at(name), json::to_text({{"metadata", {{"labels", {{"region", region}}}}}}),
         {{"Content-Type", "application/merge-patch+json"}});
  }
  std::string revision() { return send("GET", kBoxes).body["metadata"]["resourceVersion"]; }
  std::string last_;
};

TEST_F(WatchTest, BeginsWithWhatIsThere) {
  create("a");
  EXPECT_THAT(watched("", [&] { create("b"); }), ElementsAre("ADDED a", "ADDED b"));
}

TEST_F(WatchTest, GoesOnFromARevision) {
  create("a");
  const auto from = revision();
  create("b");
  EXPECT_THAT(watched("&resourceVersion=" + from, [&] { send("DELETE", at("a")); }),
              ElementsAre("ADDED b", "DELETED a"));
}

TEST_F(WatchTest, ObjectsEnterAndLeaveASelection) {
  create("a", "south");
  const auto from = revision();
  EXPECT_THAT(watched("&labelSelector=region%3Dnorth&resourceVersion=" + from,
                      [&] {
                        label("a", "north");
                        label("a", "north");
                        label("a", "south");
                      }),
              ElementsAre("ADDED a", "DELETED a"));
}

TEST_F(WatchTest, WatchesOneObjectByItsName) {
  EXPECT_THAT(watched("&fieldSelector=metadata.name%3Db",
                      [&] {
                        create("a");
                        create("b");
                      }),
              ElementsAre("ADDED b"));
}

TEST_F(WatchTest, BookmarksEveryMinuteAndAtTheEnd) {
  EXPECT_THAT(watched("&allowWatchBookmarks=true"), ElementsAre("BOOKMARK ", "BOOKMARK "));
}

TEST_F(WatchTest, MarksTheEndOfInitialEvents) {
  create("a");
  EXPECT_THAT(watched("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"),
              ElementsAre("ADDED a", "BOOKMARK ", "BOOKMARK ", "BOOKMARK "));
  EXPECT_THAT(last_, testing::HasSubstr("\"k8s.io/initial-events-end\":\"true\""));
}

TEST_F(WatchTest, TellsThatARevisionIsTooOld) {
  create("a");
  const auto from = revision();
  create("b");
  store_->compact(store_->revision());
  EXPECT_THAT(watched("&resourceVersion=" + from), ElementsAre("ERROR "));
  EXPECT_THAT(last_, testing::HasSubstr("\"code\":410"));
  EXPECT_THAT(last_, testing::HasSubstr("too old resource version: "));
}

TEST_F(WatchTest, TablesNameTheirColumnsOnce) {
  create("a");
  create("b");
  watched("", {}, {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}});
  EXPECT_EQ(last_.find("Replicas"), last_.rfind("Replicas"));
  EXPECT_NE(last_.find("Replicas"), std::string::npos);
}

}  // namespace
}  // namespace farholm::apiserver
