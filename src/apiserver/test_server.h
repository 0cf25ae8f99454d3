// An ApiServer over a store in memory and exchanges without a network. Test only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "apiserver/server.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "store/memory_store.h"

namespace farholm::apiserver {

// Plays the network: keeps what was answered.
class FakeExchange final : public net::Exchange {
 public:
  FakeExchange(io::Loop& loop, net::Request request)
      : changed(loop), body_(std::move(request.body)), request_(std::move(request)) {
    request_.body.clear();
  }

  const net::Request& request() const override { return request_; }
  const net::Peer& peer() const override { return peer_; }
  net::BodyReader& body() override { std::abort(); }
  io::Task<Result<std::string>> read_body(std::uint64_t limit_bytes) override {
    if (body_.size() > limit_bytes)
      co_return fail(ErrorCode::RequestEntityTooLarge, "Request entity too large: limit is 3145728");
    co_return std::move(body_);
  }
  io::Task<Result<void>> respond(net::Response given) override {
    response = std::move(given);
    ended = true;
    changed.notify();
    co_return Result<void>();
  }
  io::Task<Result<void>> begin(net::Response head) override {
    response = std::move(head);
    changed.notify();
    co_return Result<void>();
  }
  io::Task<Result<void>> write(std::string_view bytes) override {
    response->body += bytes;
    changed.notify();
    co_return Result<void>();
  }
  io::Task<Result<void>> end() override {
    ended = true;
    changed.notify();
    co_return Result<void>();
  }
  bool answered() const override { return response.has_value(); }
  io::Task<Result<std::unique_ptr<io::Stream>>> upgrade(net::Response) override { std::abort(); }

  io::Event changed;
  std::optional<net::Response> response;
  bool ended = false;

 private:
  std::string body_;
  net::Request request_;
  net::Peer peer_;
};

inline object::KindDescriptor test_kind() {
  object::KindDescriptor kind;
  kind.group = "fleet.example.io";
  kind.version = "v1";
  kind.kind = "EdgeBox";
  kind.plural = "edgeboxes";
  kind.singular = "edgebox";
  kind.short_names = {"eb"};
  kind.status_subresource = true;
  kind.schema = object::object(
      "", {{"spec",
            object::object("What it should be.", {{"replicas", object::integer("How many.").between(0, 9)},
                                                  {"mode", object::string("How.").defaults_to("Fast")},
                                                  {"zone", object::string("Where.").fixed()}})},
           {"status", object::object("What it is.", {{"ready", object::boolean("Whether it is.")}})}});
  kind.columns = {{.name = "Replicas", .type = "integer", .json_path = ".spec.replicas"}};
  return kind;
}

class ApiServerTest : public testing::Test {
 protected:
  ApiServerTest() {
    kinds_.add(test_kind(), &admission_);
    tokens_.add("admin", {"admin", {"system:masters"}});
    tokens_.add("nobody", {"nobody", {}});
    server_ = std::make_unique<ApiServer>(
        ApiServerWorld{world_.loop(), machine_.clock(), machine_.entropy()}, *store_, kinds_,
        ApiServerOptions{.authenticators = {&tokens_}, .authorizer = &authorizer_}, Logger(sink_, "api"));
    const auto prepared = world_.loop().run(server_->prepare());
    EXPECT_TRUE(prepared) << (prepared ? "" : prepared.error().to_string());
  }

  // Forwards to whatever a test has put there.
  class TestAdmission final : public Admission {
   public:
    std::function<object::Answer<std::vector<store::Write>>(AdmissionRequest)> on_admit;
    io::Task<object::Answer<std::vector<store::Write>>> admit(AdmissionRequest request) override {
      if (!on_admit) co_return std::vector<store::Write>();
      co_return on_admit(std::move(request));
    }
  };

  struct Reply {
    int status = 0;
    net::Headers headers;
    std::string text;
    json::Value body;  // discarded when it is not JSON
    std::string message() const { return json::string_or(body, "message"); }
    std::string reason() const { return json::string_or(body, "reason"); }
  };

  net::Request request(std::string method, std::string target, std::string body = "",
                       net::Headers headers = {}) {
    if (headers.count("Authorization") == 0) headers.add("Authorization", "Bearer admin");
    return {.method = std::move(method),
            .target = std::move(target),
            .headers = std::move(headers),
            .body = std::move(body)};
  }

  Reply send(net::Request request) {
    FakeExchange exchange(world_.loop(), std::move(request));
    world_.loop().run(server_->handle(exchange));
    Reply reply{.status = exchange.response->status,
                .headers = exchange.response->headers,
                .text = exchange.response->body};
    reply.body = json::Value::parse(reply.text, nullptr, /*allow_exceptions=*/false);
    return reply;
  }
  Reply send(std::string method, std::string target, std::string body = "", net::Headers headers = {}) {
    return send(request(std::move(method), std::move(target), std::move(body), std::move(headers)));
  }
  Reply send(std::string method, std::string target, const json::Value& body) {
    return send(std::move(method), std::move(target), json::to_text(body));
  }

  static json::Value box(std::string name, json::Value spec = json::Value::object()) {
    return {{"apiVersion", "fleet.example.io/v1"},
            {"kind", "EdgeBox"},
            {"metadata", {{"name", std::move(name)}}},
            {"spec", std::move(spec)}};
  }
  static constexpr const char* kBoxes = "/apis/fleet.example.io/v1/namespaces/default/edgeboxes";
  static std::string at(std::string name) { return std::string(kBoxes) + "/" + name; }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  std::unique_ptr<store::Store> store_ = store::make_memory_store(world_.loop());
  NullSink sink_;
  TestAdmission admission_;
  Kinds kinds_;
  TokenAuthenticator tokens_;
  GroupAuthorizer authorizer_;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace farholm::apiserver
