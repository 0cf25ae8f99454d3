#include "apiserver/server.h"

#include <gmock/gmock.h>

#include "apiserver/test_server.h"

namespace farholm::apiserver {
namespace {

using testing::HasSubstr;

TEST_F(ApiServerTest, CreatesWhatIsValidAndFillsInTheRest) {
  const auto made = send("POST", kBoxes, box("a", {{"replicas", 2}}));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["spec"], (json::Value{{"replicas", 2}, {"mode", "Fast"}}));
  const auto& metadata = made.body["metadata"];
  EXPECT_EQ(metadata["generation"], 1);
  EXPECT_EQ(metadata["namespace"], "default");
  EXPECT_FALSE(metadata["uid"].get<std::string>().empty());
  EXPECT_FALSE(metadata["resourceVersion"].get<std::string>().empty());
  EXPECT_EQ(send("POST", kBoxes, box("a")).reason(), "AlreadyExists");
  EXPECT_EQ(send("POST", kBoxes, box("a")).message(), "edgeboxes.fleet.example.io \"a\" already exists");
}

TEST_F(ApiServerTest, SaysWhatIsWrongInKubernetesWords) {
  const auto reply = send("POST", kBoxes, box("h2", {{"replicas", -1}}));
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(reply.message(),
            "EdgeBox.fleet.example.io \"h2\" is invalid: spec.replicas: Invalid value: -1: spec.replicas in "
            "body should be greater "
            "than or equal to 0");
  EXPECT_EQ(reply.body["details"]["kind"], "EdgeBox");
  EXPECT_EQ(reply.body["details"]["causes"][0]["field"], "spec.replicas");
}

TEST_F(ApiServerTest, AnswersForWhatIsNotThere) {
  const auto missing = send("GET", at("nope"));
  EXPECT_EQ(
      missing.body,
      (json::Value{{"kind", "Status"},
                   {"apiVersion", "v1"},
                   {"metadata", json::Value::object()},
                   {"status", "Failure"},
                   {"message", "edgeboxes.fleet.example.io \"nope\" not found"},
                   {"reason", "NotFound"},
                   {"details", {{"name", "nope"}, {"group", "fleet.example.io"}, {"kind", "edgeboxes"}}},
                   {"code", 404}}));
  EXPECT_EQ(send("GET", "/apis/fleet.example.io/v1/namespaces/default/widgets").message(),
            "the server could not find the requested resource");
  EXPECT_EQ(send("GET", "/apis/nobody.example.io/v1/widgets").text, "404 page not found\n");
  EXPECT_EQ(send("POST", "/apis/fleet.example.io/v1/namespaces/nowhere/edgeboxes", box("a")).message(),
            "namespaces \"nowhere\" not found");
}

TEST_F(ApiServerTest, ReportsUnknownFieldsAsAskedFor) {
  const auto object = box("a", {{"replicaz", 1}});
  EXPECT_EQ(send("POST", std::string(kBoxes) + "?fieldValidation=Strict", object).message(),
            "EdgeBox in version \"v1\" cannot be handled as a EdgeBox: strict decoding error: unknown field "
            "\"spec.replicaz\"");
  const auto warned = send("POST", kBoxes, object);
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.headers.get("Warning"), "299 - \"unknown field \\\"spec.replicaz\\\"\"");
  EXPECT_FALSE(warned.body["spec"].contains("replicaz"));
}

TEST_F(ApiServerTest, DryRunStoresNothingAndHasNoVersion) {
  const auto dry = send("POST", std::string(kBoxes) + "?dryRun=All", box("a"));
  EXPECT_EQ(dry.status, 201);
  EXPECT_FALSE(dry.body["metadata"].contains("resourceVersion"));
  EXPECT_EQ(send("GET", at("a")).status, 404);
  EXPECT_EQ(send("POST", std::string(kBoxes) + "?dryRun=Some", box("a")).status, 422);
}

TEST_F(ApiServerTest, GeneratesNames) {
  auto object = box("");
  object["metadata"] = {{"generateName", "box-"}};
  const auto made = send("POST", kBoxes, object);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["metadata"]["name"].get<std::string>().size(), 9U);
}

TEST_F(ApiServerTest, UpdatesOnlyTheVersionThatWasRead) {
  auto object = send("POST", kBoxes, box("a", {{"replicas", 1}})).body;
  const auto stale = object;
  object["spec"]["replicas"] = 2;
  object["status"] = {{"ready", true}};
  const auto updated = send("PUT", at("a"), object);
  ASSERT_EQ(updated.status, 200) << updated.text;
  EXPECT_EQ(updated.body["metadata"]["generation"], 2);
  EXPECT_FALSE(updated.body.contains("status")) << "the main endpoint does not write status";
  EXPECT_EQ(send("PUT", at("a"), stale).message(),
            "Operation cannot be fulfilled on edgeboxes.fleet.example.io \"a\": the object has been "
            "modified; please apply your changes "
            "to the latest version and try again");
  EXPECT_THAT(send("PUT", at("a"), box("a")).message(),
              HasSubstr("metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"));
  EXPECT_EQ(send("PUT", at("nope"), box("nope")).status, 404);
}

TEST_F(ApiServerTest, ANoOpChangesNoVersion) {
  const auto object = send("POST", kBoxes, box("a", {{"replicas", 1}})).body;
  const auto again = send("PUT", at("a"), object);
  EXPECT_EQ(again.body, object);
  const auto patched = send("PATCH", at("a"), R"({"spec":{"replicas":1}})",
                            {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(patched.body, object);
}

TEST_F(ApiServerTest, StatusIsWrittenThroughItsSubresourceOnly) {
  auto object = send("POST", kBoxes, box("a", {{"replicas", 1}})).body;
  object["spec"]["replicas"] = 5;
  object["status"] = {{"ready", true}};
  const auto updated = send("PUT", at("a") + "/status", object);
  ASSERT_EQ(updated.status, 200) << updated.text;
  EXPECT_EQ(updated.body["status"]["ready"], true);
  EXPECT_EQ(updated.body["spec"]["replicas"], 1);
  EXPECT_EQ(updated.body["metadata"]["generation"], 1);
}

TEST_F(ApiServerTest, PatchesByContentType) {
  send("POST", kBoxes, box("a", {{"replicas", 1}}));
  const auto patch = [&](const char* type, const char* body) {
    return send("PATCH", at("a"), body, {{"Content-Type", type}});
  };
  EXPECT_EQ(patch("application/merge-patch+json", R"({"spec":{"replicas":3}})").body["spec"]["replicas"], 3);
  EXPECT_EQ(patch("application/json-patch+json", R"([{"op":"replace","path":"/spec/replicas","value":4}])")
                .body["spec"]["replicas"],
            4);
  EXPECT_EQ(patch("application/strategic-merge-patch+json", "{}").status, 415);
  EXPECT_EQ(patch("application/merge-patch+json", R"({"metadata":{"resourceVersion":"1"}})").reason(),
            "Conflict");
  EXPECT_EQ(patch("application/merge-patch+json", R"({"spec":{"zone":"a"}})").status, 200);
  EXPECT_THAT(patch("application/merge-patch+json", R"({"spec":{"zone":"b"}})").message(),
              HasSubstr("field is immutable"));
  EXPECT_EQ(patch("application/merge-patch+json", R"({"kind":"Other"})").status, 400);
  EXPECT_EQ(patch("application/merge-patch+json", "[]").status, 400);
  EXPECT_EQ(patch("application/merge-patch+json", "{").status, 400);
}

TEST_F(ApiServerTest, DeletesAtOnceOrWaitsForFinalizers) {
  const auto made = send("POST", kBoxes, box("a")).body;
  const auto wrong = send("DELETE", at("a"), std::string(R"({"preconditions":{"uid":"bad"}})"));
  EXPECT_EQ(wrong.status, 409);
  EXPECT_THAT(wrong.message(),
              HasSubstr("the UID in the precondition (bad) does not match the UID in record"));
  const auto gone = send("DELETE", at("a"));
  EXPECT_EQ(gone.body["status"], "Success");
  EXPECT_EQ(gone.body["details"]["uid"], made["metadata"]["uid"]);

  auto held = box("b");
  held["metadata"]["finalizers"] = {"example.io/hold"};
  send("POST", kBoxes, held);
  const auto going = send("DELETE", at("b"));
  EXPECT_TRUE(going.body["metadata"].contains("deletionTimestamp")) << going.text;
  EXPECT_EQ(send("GET", at("b")).status, 200);
  const auto released = send("PATCH", at("b"), R"({"metadata":{"finalizers":null}})",
                             {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(released.status, 200);
  EXPECT_EQ(send("GET", at("b")).status, 404);
}

TEST_F(ApiServerTest, ListsInEveryForm) {
  send("POST", kBoxes, box("b", {{"replicas", 2}}));
  send("POST", kBoxes, box("a"));
  const auto list = send("GET", kBoxes);
  EXPECT_EQ(list.body["kind"], "EdgeBoxList");
  ASSERT_EQ(list.body["items"].size(), 2U);
  EXPECT_EQ(list.body["items"][0]["metadata"]["name"], "a");
  const auto table = send("GET", kBoxes, "",
                          {{"Accept",
                            "application/json;as=Table;v=v1;g=meta.k8s.io,application/"
                            "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"}});
  EXPECT_EQ(table.body["kind"], "Table");
  EXPECT_EQ(table.body["rows"][1]["cells"][1], 2);
  const auto partial = send(
      "GET", kBoxes, "",
      {{"Accept",
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/"
        "json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}});
  EXPECT_EQ(partial.body["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(send("GET", kBoxes, "", {{"Accept", "image/png"}}).reason(), "NotAcceptable");
  EXPECT_EQ(send("GET", std::string(kBoxes) + "?fieldSelector=metadata.name%3Da").body["items"].size(), 1U);
  EXPECT_EQ(send("GET", std::string(kBoxes) + "?fieldSelector=spec.x%3Da").message(),
            "field label not supported: spec.x");
}

TEST_F(ApiServerTest, PagesShowOneMoment) {
  for (const char* name : {"a", "b", "c"}) send("POST", kBoxes, box(name));
  const auto first = send("GET", std::string(kBoxes) + "?limit=2").body;
  ASSERT_EQ(first["items"].size(), 2U);
  EXPECT_EQ(first["metadata"]["remainingItemCount"], 1);
  send("DELETE", at("c"));
  const auto token = net::percent_encode(first["metadata"]["continue"].get<std::string>());
  const auto second = send("GET", std::string(kBoxes) + "?limit=2&continue=" + token).body;
  ASSERT_EQ(second["items"].size(), 1U);
  EXPECT_EQ(second["items"][0]["metadata"]["name"], "c");
  EXPECT_EQ(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  EXPECT_EQ(send("GET", std::string(kBoxes) + "?continue=rubbish").status, 400);
}

TEST_F(ApiServerTest, WaitsForTheFutureButNotForever) {
  const auto reply = send("GET", std::string(kBoxes) + "?resourceVersion=1000000");
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(reply.body["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
  EXPECT_EQ(reply.headers.get("Retry-After"), "1");
}

TEST_F(ApiServerTest, AsksWhoAndWhether) {
  const auto as = [&](const char* token, const char* target) {
    return send("GET", target, "", {{"Authorization", token}});
  };
  const auto wrong = as("Bearer wrong", kBoxes);
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.message(), "Unauthorized");
  const auto anonymous = as("", "/apis/fleet.example.io/v1/namespaces/n/edgeboxes");
  EXPECT_EQ(anonymous.status, 403);
  EXPECT_EQ(anonymous.message(),
            "edgeboxes.fleet.example.io is forbidden: User \"system:anonymous\" cannot list resource "
            "\"edgeboxes\" in API group "
            "\"fleet.example.io\" in the namespace \"n\"");
  EXPECT_EQ(as("", "/healthz").text, "ok");
  EXPECT_EQ(as("Bearer nobody", "/apis").status, 200);
  EXPECT_EQ(as("", "/apis").status, 403);
}

TEST_F(ApiServerTest, TakesProtobufOfBuiltInKinds) {
  // runtime.Unknown{TypeMeta{v1, Namespace}, raw: Namespace{metadata{name: "x"}}}
  const std::string body("k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x05\x0a\x03\x0a\x01x", 4 + 17 + 7);
  const auto made =
      send("POST", "/api/v1/namespaces", body, {{"Content-Type", "application/vnd.kubernetes.protobuf"}});
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["metadata"]["name"], "x");
  EXPECT_EQ(made.body["status"]["phase"], "Active");
  EXPECT_EQ(send("POST", kBoxes, body, {{"Content-Type", "application/vnd.kubernetes.protobuf"}}).status,
            415);
}

TEST_F(ApiServerTest, SecretsAreNotRepeatedInErrors) {
  const auto reply = send("POST", "/api/v1/namespaces/default/secrets",
                          json::Value{{"apiVersion", "v1"},
                                      {"kind", "Secret"},
                                      {"metadata", {{"name", "s"}}},
                                      {"data", {{"key", "canary!"}}}});
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(reply.text.find("canary"), std::string::npos);
}

TEST_F(ApiServerTest, EventsHaveTwoForms) {
  send("POST", "/api/v1/namespaces/default/events",
       json::Value{{"apiVersion", "v1"},
                   {"kind", "Event"},
                   {"metadata", {{"name", "e"}}},
                   {"involvedObject", {{"kind", "EdgeBox"}, {"name", "a"}}},
                   {"message", "hello"}});
  const auto other = send("GET", "/apis/events.k8s.io/v1/namespaces/default/events/e").body;
  EXPECT_EQ(other["note"], "hello");
  EXPECT_EQ(other["regarding"]["name"], "a");
  EXPECT_EQ(send("GET", "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Da")
                .body["items"]
                .size(),
            1U);
}

TEST_F(ApiServerTest, AdmissionRefusesOrWritesAlong) {
  admission_.on_admit = [&](AdmissionRequest request) -> object::Answer<std::vector<store::Write>> {
    if (object::Schema(request.kind.schema).property("spec") &&
        request.object["spec"].value("replicas", 0) == 7)
      return std::unexpected(object::invalid(
          request.kind, "a", {object::field_invalid("spec.replicas", 7, "no bundle contains it")}));
    return std::vector<store::Write>{
        {{"fleet.example.io/frozen", "default", "a-1"}, [](const store::Entry*) -> Result<store::Change> {
           return store::Change::put({{"metadata", {{"name", "a-1"}}}});
         }}};
  };
  EXPECT_EQ(send("POST", kBoxes, box("a", {{"replicas", 7}})).status, 422);
  EXPECT_FALSE(store_->get({"fleet.example.io/frozen", "default", "a-1"}));
  EXPECT_EQ(send("POST", kBoxes, box("a")).status, 201);
  EXPECT_TRUE(store_->get({"fleet.example.io/frozen", "default", "a-1"}));
}

TEST_F(ApiServerTest, NamespacesEndWithTheirContent) {
  send("POST", "/api/v1/namespaces",
       json::Value{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "n"}}}});
  const std::string boxes = "/apis/fleet.example.io/v1/namespaces/n/edgeboxes";
  ASSERT_EQ(send("POST", boxes, box("a")).status, 201);
  EXPECT_EQ(send("DELETE", "/api/v1/namespaces/n").body["status"]["phase"], "Terminating");
  const auto late = send("POST", boxes, box("b"));
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(late.body["details"]["causes"][0]["reason"], "NamespaceTerminating");
  io::Scope scope(world_.loop());
  scope.spawn(server_->keep_house());
  world_.loop().run(
      [](io::Loop& loop) -> io::Task<void> { co_await loop.sleep(std::chrono::seconds(5)); }(world_.loop()));
  EXPECT_EQ(send("GET", "/api/v1/namespaces/n").status, 404);
  EXPECT_EQ(send("GET", boxes + "/a").status, 404);
  EXPECT_EQ(send("DELETE", "/api/v1/namespaces/default").status, 403);
}

TEST_F(ApiServerTest, RefusesBodiesThatAreTooLong) {
  EXPECT_EQ(send("POST", kBoxes, std::string((3 << 20) + 1, ' ')).status, 413);
}

TEST_F(ApiServerTest, AnswersEveryKindOfGarbage) {
  for (const char* target : {"/api/v1/namespaces/%ff",
                             "/apis/fleet.example.io/v1/namespaces/default/edgeboxes?labelSelector=a+in+(",
                             "/%zz", "/a/../b", "/apis/fleet.example.io/v1/edgeboxes?limit=-1",
                             "/apis/fleet.example.io/v1/edgeboxes?resourceVersion=x",
                             "/apis/fleet.example.io/v1/edgeboxes?watch=1&sendInitialEvents=true"}) {
    const auto reply = send("GET", target);
    EXPECT_GE(reply.status, 400) << target;
    EXPECT_LT(reply.status, 500) << target;
  }
  for (const char* body :
       {"", "{", "null", "[]", "{}", "\xff",
        R"({"apiVersion":"fleet.example.io/v1","kind":"EdgeBox","metadata":7})",
        R"({"apiVersion":"fleet.example.io/v1","kind":"EdgeBox","metadata":{"name":["x"]}})",
        R"({"apiVersion":"fleet.example.io/v2","kind":"EdgeBox"})"}) {
    const auto reply = send("POST", kBoxes, std::string(body));
    EXPECT_GE(reply.status, 400) << body;
    EXPECT_LT(reply.status, 500) << body;
  }
}

TEST_F(ApiServerTest, KindsAreDiscoverable) {
  const auto resources = send("GET", "/apis/fleet.example.io/v1").body;
  EXPECT_EQ(resources["resources"][0]["name"], "edgeboxes");
  EXPECT_EQ(resources["resources"][1]["name"], "edgeboxes/status");
  EXPECT_EQ(send("GET", "/version").body["major"], "1");
  const auto definition =
      send("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/edgeboxes.fleet.example.io").body;
  EXPECT_EQ(definition["status"]["conditions"][1]["type"], "Established");
  EXPECT_EQ(
      send("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/edgeboxes.fleet.example.io")
          .status,
      405);
}

}  // namespace
}  // namespace farholm::apiserver
