#include <fmt/format.h>

#include "cli/diff.h"
#include "cli/key_file.h"
#include "cli/kubeconfig.h"
#include "json/json.h"
#include "kube_client/status_error.h"
#include "net/client.h"
#include "net/target.h"
#include "profile/kinds.h"

namespace farholm::cli {
namespace {

// Planning thousands of sites takes its time.
constexpr auto kDeadline = std::chrono::minutes(2);
constexpr std::uint64_t kAnswerBytesMax = 16 << 20;

// Takes what may be compared out of one document; a List is unpacked.
void take(const json::Value& document, const std::string& path, json::Value& objects, std::string& notes) {
  const auto kind = json::string_or(document, "kind");
  if (const auto* items = json::find_array(document, "items"); items != nullptr && kind.ends_with("List")) {
    for (const auto& item : *items) take(item, path, objects, notes);
    return;
  }
  if (json::string_or(document, "apiVersion") == profile::kApiVersion &&
      (kind == "ClusterProfile" || kind == "Site")) {
    objects.push_back(document);
    return;
  }
  const auto* metadata = json::find_object(document, "metadata");
  notes += fmt::format("{}: {} {} is not looked at: only ClusterProfiles and Sites of {} are\n", path,
                       kind.empty() ? "an object without a kind" : kind,
                       metadata == nullptr ? "" : json::string_or(*metadata, "name"), profile::kApiVersion);
}

Result<json::Value> read_objects(io::Files& files, const std::vector<std::string>& paths,
                                 std::string& notes) {
  json::Value objects = json::Value::array();
  for (const auto& path : paths) {
    FARHOLM_TRY(const auto text, read_text(files, path));
    auto documents = json::parse_yaml_stream(text);
    if (!documents) return fail_while(std::move(documents).error(), "reading " + path);
    for (const auto& document : *documents) take(document, path, objects, notes);
  }
  if (objects.empty())
    return fail(ErrorCode::BadRequest, notes + "there is no ClusterProfile and no Site in what -f names");
  return objects;
}

std::unexpected<Error> explain(const HubAccess& access, int status, const std::string& body) {
  auto error = kube_client::error_of_status(status, body);
  if (error.code == ErrorCode::Unauthorized)
    error.message =
        fmt::format("the hub at {} does not know the kubeconfig's user: {}", access.server, error.message);
  // What another server says to a path that it does not know, and what an older hub does.
  const bool is_unknown = json::parse(body).value_or(json::Value()).is_null() ||
                          error.message == "the server could not find the requested resource";
  if (error.code == ErrorCode::NotFound && is_unknown)
    error.message = fmt::format("{} serves no PlanPreview: is it a Farholm hub, and as new as this program?",
                                access.server);
  return std::unexpected(std::move(error));
}

io::Task<Result<json::Value>> ask(io::World world, HubAccess access, std::string name_space,
                                  json::Value preview) {
  FARHOLM_CO_TRY(const auto url, net::parse_url(access.server));
  io::SecureClientOptions tls_options{
      .identity = {}, .trusted_pem = access.ca_pem, .pinned = {}, .alpn = {"http/1.1"}};
  if (!access.client_pem.empty())
    tls_options.identity =
        io::ChannelIdentity{.chain_pem = access.client_pem, .key_pem = access.client_key_pem};
  FARHOLM_CO_TRY(const auto tls, world.secure.make_client(tls_options));
  net::Headers headers{{"User-Agent", "farholm"}};
  if (!access.token.empty()) headers.add("Authorization", "Bearer " + access.token);
  net::HttpClient client(world.loop,
                         net::make_dialer(world.network, url.endpoint, tls.get(), access.server_name),
                         net::ClientOptions{.authority = url.authority, .default_headers = headers});
  net::Request request{.method = "POST",
                       .target = fmt::format("{}/apis/{}/namespaces/{}/planpreviews?fieldValidation=Strict",
                                             url.target == "/" ? "" : url.target, profile::kApiVersion,
                                             net::percent_encode(name_space)),
                       .headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
                       .body = json::to_text(preview)};
  const net::SendOptions options{.deadline = kDeadline, .response_body_bytes_max = kAnswerBytesMax};
  auto response = co_await client.send(std::move(request), options);
  if (!response)
    co_return fail_while(std::move(response).error(), fmt::format("asking the hub at {}", access.server));
  if (response->status < 200 || response->status > 299)
    co_return explain(access, response->status, response->body);
  co_return json::parse(response->body, {.bytes_max = kAnswerBytesMax});
}

}  // namespace

io::Task<Result<Difference>> diff_with_hub(io::World world, HubDiffOptions options) {
  FARHOLM_CO_TRY(auto access, read_kubeconfig(world.files, options.kubeconfig, options.context));
  std::string name_space = options.name_space.empty() ? access.name_space : options.name_space;
  if (name_space.empty()) name_space = "default";
  Difference difference;
  FARHOLM_CO_TRY(auto objects, read_objects(world.files, options.files, difference.notes));
  json::Value preview{{"apiVersion", profile::kApiVersion},
                      {"kind", "PlanPreview"},
                      {"spec", {{"objects", std::move(objects)}, {"sites", options.sites}}}};
  FARHOLM_CO_TRY(auto answer,
                 co_await ask(world, std::move(access), std::move(name_space), std::move(preview)));
  const auto* status = json::find_object(answer, "status");
  if (status == nullptr) co_return fail(ErrorCode::InternalError, "the hub's answer has no status");
  difference.differs = json::find_integer(*status, "changedSiteCount").value_or(0) > 0;
  // What was asked is in the asker's files.
  answer["spec"].erase("objects");
  switch (options.output) {
    case DiffOutput::Text:
      difference.text = preview_text(*status);
      break;
    case DiffOutput::Json:
      difference.text = json::to_pretty_text(answer) + "\n";
      break;
    case DiffOutput::Yaml:
      difference.text = json::to_yaml(answer);
      break;
  }
  co_return difference;
}

}  // namespace farholm::cli
