// Kinds that are asked and not kept.
#include "apiserver/reviewer.h"
#include "apiserver/test_server.h"

namespace farholm::apiserver {
namespace {

class Oracle final : public Reviewer {
 public:
  io::Task<object::Answer<json::Value>> review(User user, std::string name_space,
                                               json::Value review) override {
    co_return json::Value{
        {"answer", user.name + "/" + name_space + "/" + json::string_or(review["spec"], "question")}};
  }
};

class ReviewTest : public ApiServerTest {
 protected:
  ReviewTest() {
    object::KindDescriptor kind;
    kind.group = "fleet.example.io";
    kind.version = "v1";
    kind.kind = "Riddle";
    kind.plural = "riddles";
    kind.singular = "riddle";
    kind.verbs = {"create"};
    kind.schema = object::object(
        "",
        {{"spec", object::object("", {{"question", object::string("What.").at_least(2)}}, {"question"})},
         {"status", object::object("", {{"answer", object::string("That.")}})}},
        {"spec"});
    riddles_.add_review(std::move(kind), oracle_);
    server_ = std::make_unique<ApiServer>(
        ApiServerWorld{world_.loop(), machine_.clock(), machine_.entropy()}, *store_, riddles_,
        ApiServerOptions{.authenticators = {&tokens_}, .authorizer = &authorizer_}, Logger(sink_, "api"));
    const auto prepared = world_.loop().run(server_->prepare());
    EXPECT_TRUE(prepared);
  }
  ~ReviewTest() override { server_.reset(); }

  static json::Value riddle(json::Value spec) {
    return {{"apiVersion", "fleet.example.io/v1"}, {"kind", "Riddle"}, {"spec", std::move(spec)}};
  }
  static constexpr const char* kRiddles = "/apis/fleet.example.io/v1/namespaces/default/riddles";

  Oracle oracle_;
  Kinds riddles_;
};

TEST_F(ReviewTest, AreAnsweredWithoutANameAndNothingIsStored) {
  const auto revision = store_->revision();
  const auto reply = send("POST", kRiddles, riddle({{"question", "why"}}));
  EXPECT_EQ(reply.status, 201) << reply.text;
  EXPECT_EQ(reply.body["status"]["answer"], "admin/default/why");
  EXPECT_EQ(reply.body["spec"]["question"], "why");
  EXPECT_EQ(reply.body["metadata"], json::Value({{"namespace", "default"}, {"creationTimestamp", nullptr}}));
  EXPECT_EQ(store_->revision(), revision);
}

TEST_F(ReviewTest, AreJudgedByTheirSchemaAndByWhoAsks) {
  const auto wrong = send("POST", kRiddles, riddle({{"question", "y"}}));
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.body["details"]["causes"][0]["field"], "spec.question");
  EXPECT_EQ(send("POST", std::string(kRiddles) + "?fieldValidation=Strict",
                 riddle({{"question", "why"}, {"tone", "rude"}}))
                .status,
            400);
  EXPECT_EQ(send(request("POST", kRiddles, json::to_text(riddle({{"question", "why"}})),
                         {{"Authorization", "Bearer nobody"}}))
                .status,
            403);
}

TEST_F(ReviewTest, CanOnlyBeCreated) {
  for (const char* method : {"GET", "DELETE"}) EXPECT_EQ(send(method, kRiddles).status, 405) << method;
  EXPECT_EQ(send("GET", std::string(kRiddles) + "/one").status, 405);
  EXPECT_EQ(send("POST", std::string(kRiddles) + "/one", riddle({{"question", "why"}})).status, 405);
  const auto listed = send("GET", "/apis/fleet.example.io/v1").body["resources"];
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["verbs"], json::Value::array({"create"}));
  EXPECT_EQ(
      send("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/riddles.fleet.example.io").status,
      404);
}

}  // namespace
}  // namespace farholm::apiserver
