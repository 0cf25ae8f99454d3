#include "kube_client/api_cluster.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "kube_client/status_error.h"
#include "net/client.h"
#include "net/target.h"

namespace farholm::kube_client {
namespace {

constexpr std::uint64_t kAnswerBytesMax = 16 << 20;
constexpr std::size_t kWatchLineBytesMax = 4 << 20;  // one object and a little
constexpr auto kDeadline = std::chrono::seconds(30);
constexpr int kWatchSeconds = 300;

struct Resource {
  std::string plural;
  bool namespaced = false;
};

std::string group_path(const std::string& api_version) {
  return api_version.find('/') == std::string::npos ? "/api/" + api_version : "/apis/" + api_version;
}

class ApiCluster final : public Cluster {
 public:
  ApiCluster(std::unique_ptr<io::SecureClient> tls, std::unique_ptr<net::HttpClient> client)
      : tls_(std::move(tls)), client_(std::move(client)) {}

  io::Task<Result<bool>> is_namespaced(std::string api_version, std::string kind) override {
    FARHOLM_CO_TRY(const auto resource, co_await find_resource(std::move(api_version), std::move(kind)));
    co_return resource.namespaced;
  }

  io::Task<Result<json::Value>> get(ObjectRef ref) override {
    FARHOLM_CO_TRY(const auto path, co_await object_path(ref));
    co_return co_await send_json({.method = "GET", .target = path, .headers = {}, .body = {}});
  }

  io::Task<Result<std::vector<json::Value>>> list(Selection selection) override {
    FARHOLM_CO_TRY(const auto resource, co_await find_resource(selection.api_version, selection.kind));
    const std::string path = group_path(selection.api_version) + "/" + resource.plural;
    std::vector<json::Value> items;
    std::string next;
    do {
      std::vector<std::pair<std::string, std::string>> query{{"limit", "250"}};
      if (!selection.label_selector.empty()) query.emplace_back("labelSelector", selection.label_selector);
      if (!next.empty()) query.emplace_back("continue", next);
      FARHOLM_CO_TRY(
          auto page,
          co_await send_json(
              {.method = "GET", .target = path + net::encode_query(query), .headers = {}, .body = {}}));
      if (auto* found = page.contains("items") && page["items"].is_array() ? &page["items"] : nullptr) {
        for (auto& item : *found) {
          // Items of a list do not repeat what they are.
          item["apiVersion"] = selection.api_version;
          item["kind"] = selection.kind;
          items.push_back(std::move(item));
        }
      }
      const auto* metadata = json::find_object(page, "metadata");
      next = metadata ? json::string_or(*metadata, "continue") : std::string();
    } while (!next.empty());
    co_return items;
  }

  io::Task<Result<json::Value>> apply(json::Value object, std::string field_manager) override {
    FARHOLM_CO_TRY(const auto path, co_await object_path(ref_of(object)));
    const std::string query = net::encode_query({{"fieldManager", field_manager}, {"force", "true"}});
    co_return co_await send_json({.method = "PATCH",
                                  .target = path + query,
                                  .headers = {{"Content-Type", "application/apply-patch+yaml"}},
                                  .body = json::to_text(object)});
  }

  io::Task<Result<void>> remove(ObjectRef ref, std::string uid, Propagation propagation) override {
    FARHOLM_CO_TRY(const auto path, co_await object_path(ref));
    json::Value options{
        {"kind", "DeleteOptions"},
        {"apiVersion", "v1"},
        {"propagationPolicy", propagation == Propagation::Background ? "Background" : "Foreground"}};
    if (!uid.empty()) options["preconditions"] = {{"uid", uid}};
    auto answer = co_await send_json({.method = "DELETE",
                                      .target = path,
                                      .headers = {{"Content-Type", "application/json"}},
                                      .body = json::to_text(options)});
    if (answer || answer.error().code == ErrorCode::NotFound) co_return Result<void>{};
    co_return std::unexpected(std::move(answer).error());
  }

  io::Task<Result<void>> watch(Selection selection,
                               std::function<void(const WatchEvent&)> on_event) override {
    FARHOLM_CO_TRY(const auto resource, co_await find_resource(selection.api_version, selection.kind));
    std::vector<std::pair<std::string, std::string>> query{{"watch", "true"},
                                                           {"timeoutSeconds", std::to_string(kWatchSeconds)}};
    if (!selection.label_selector.empty()) query.emplace_back("labelSelector", selection.label_selector);
    net::Request request{
        .method = "GET",
        .target = group_path(selection.api_version) + "/" + resource.plural + net::encode_query(query),
        .headers = {{"Accept", "application/json"}},
        .body = {}};
    FARHOLM_CO_TRY(auto response, co_await client_->open(std::move(request)));
    if (response.status != 200) {
      FARHOLM_CO_TRY(const auto body, co_await net::read_all(*response.body, kAnswerBytesMax));
      co_return std::unexpected(error_of_status(response.status, body));
    }
    std::string pending;
    std::array<std::byte, 16 * 1024> buffer{};
    while (true) {
      FARHOLM_CO_TRY(const std::size_t count, co_await response.body->read(buffer));
      if (count == 0) co_return Result<void>{};
      pending += as_text(std::span(buffer).first(count));
      std::size_t begin = 0;
      for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', begin)) {
        FARHOLM_CO_CHECK(deliver(std::string_view(pending).substr(begin, end - begin), on_event));
        begin = end + 1;
      }
      pending.erase(0, begin);
      if (pending.size() > kWatchLineBytesMax) {
        co_return fail(ErrorCode::RequestEntityTooLarge, "the API server sent an event without end");
      }
    }
  }

  io::Task<Result<std::string>> get_raw(std::string path) override {
    FARHOLM_CO_TRY(auto response, co_await client_->send(
                                      {.method = "GET", .target = std::move(path), .headers = {}, .body = {}},
                                      {.deadline = kDeadline, .response_body_bytes_max = kAnswerBytesMax}));
    if (response.status != 200) co_return std::unexpected(error_of_status(response.status, response.body));
    co_return std::move(response.body);
  }

 private:
  static Result<void> deliver(std::string_view line, const std::function<void(const WatchEvent&)>& on_event) {
    if (line.empty()) return {};
    FARHOLM_TRY(auto document, json::parse(line));
    const std::string type = json::string_or(document, "type");
    const auto* object = json::find_object(document, "object");
    if (object == nullptr)
      return fail(ErrorCode::InternalError, "the API server sent an event without an object");
    if (type == "ERROR") {
      return std::unexpected(error_of_status(
          static_cast<int>(json::find_integer(*object, "code").value_or(500)), json::to_text(*object)));
    }
    WatchEvent event;
    if (type == "ADDED")
      event.type = WatchEvent::Type::Added;
    else if (type == "MODIFIED")
      event.type = WatchEvent::Type::Modified;
    else if (type == "DELETED")
      event.type = WatchEvent::Type::Deleted;
    else
      return {};  // a bookmark, or what a later version invents
    event.object = std::move(document["object"]);
    on_event(event);
    return {};
  }

  io::Task<Result<json::Value>> send_json(net::Request request) {
    request.headers.set("Accept", "application/json");
    FARHOLM_CO_TRY(const auto response,
                   co_await client_->send(std::move(request), {.deadline = kDeadline,
                                                               .response_body_bytes_max = kAnswerBytesMax}));
    if (response.status < 200 || response.status > 299) {
      co_return std::unexpected(error_of_status(response.status, response.body));
    }
    co_return json::parse(response.body, {.bytes_max = kAnswerBytesMax});
  }

  io::Task<Result<std::string>> object_path(ObjectRef ref) {
    if (!valid_ref(ref))
      co_return fail(ErrorCode::Invalid, "an object needs apiVersion, kind and metadata.name");
    FARHOLM_CO_TRY(const auto resource, co_await find_resource(ref.api_version, ref.kind));
    std::string path = group_path(ref.api_version);
    if (resource.namespaced) {
      path += "/namespaces/" + net::percent_encode(ref.name_space.empty() ? "default" : ref.name_space);
    }
    co_return path + "/" + resource.plural + "/" + net::percent_encode(ref.name);
  }

  // What the server serves changes when a CustomResourceDefinition comes: what is not known is asked for.
  io::Task<Result<Resource>> find_resource(std::string api_version, std::string kind) {
    const std::pair key(api_version, kind);
    if (const auto known = resources_.find(key); known != resources_.end()) co_return known->second;
    auto listed =
        co_await send_json({.method = "GET", .target = group_path(api_version), .headers = {}, .body = {}});
    if (!listed && listed.error().code != ErrorCode::NotFound)
      co_return std::unexpected(std::move(listed).error());
    if (const auto* rows = listed ? json::find_array(*listed, "resources") : nullptr) {
      for (const auto& row : *rows) {
        const std::string name = json::string_or(row, "name");
        if (name.empty() || name.find('/') != std::string::npos) continue;
        resources_[{api_version, json::string_or(row, "kind")}] = {
            .plural = name, .namespaced = json::find_bool(row, "namespaced").value_or(false)};
      }
    }
    if (const auto known = resources_.find(key); known != resources_.end()) co_return known->second;
    co_return fail(
        ErrorCode::NotFound,
        fmt::format("the cluster serves no {} of {}: is its CustomResourceDefinition in an earlier layer?",
                    kind, api_version));
  }

  std::unique_ptr<io::SecureClient> tls_;
  std::unique_ptr<net::HttpClient> client_;
  std::map<std::pair<std::string, std::string>, Resource> resources_;
};

}  // namespace

Result<std::unique_ptr<Cluster>> make_api_cluster(const io::World& world, const ApiAccess& access) {
  FARHOLM_TRY(const auto url, net::parse_url(access.endpoint));
  FARHOLM_TRY(auto tls,
              world.secure.make_client({.identity = io::ChannelIdentity{.chain_pem = access.client_pem,
                                                                        .key_pem = access.client_key_pem},
                                        .trusted_pem = access.ca_pem,
                                        .pinned = {},
                                        .alpn = {"http/1.1"}}));
  auto dialer = net::make_dialer(world.network, url.endpoint, tls.get());
  auto client = std::make_unique<net::HttpClient>(
      world.loop, std::move(dialer),
      net::ClientOptions{.authority = url.authority,
                         .default_headers = {{"User-Agent", "farholm-agent"}},
                         .connections_max = 32});  // a watch holds one for as long as it lasts
  return std::make_unique<ApiCluster>(std::move(tls), std::move(client));
}

}  // namespace farholm::kube_client
