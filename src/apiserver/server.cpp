#include "apiserver/server.h"

#include "apiserver/object_input.h"
#include "object/metadata.h"
#include "object/validation.h"

namespace farholm::apiserver {

using object::Answer;
using object::Failure;

struct ApiServer::Call {
  net::Exchange& exchange;
  net::Target target;
  RequestInfo info;
  User user;
  Representation form;
};

namespace {

Failure no_such_resource() {
  return Failure(
      {.code = ErrorCode::NotFound, .message = "the server could not find the requested resource"});
}

Failure not_allowed() {
  return Failure({.code = ErrorCode::MethodNotAllowed,
                  .message = "the server does not allow this method on the requested resource"});
}

net::Response plain(int status, std::string text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Cache-Control", "no-cache, private"},
                      {"X-Content-Type-Options", "nosniff"}},
          .body = std::move(text)};
}

bool is_health(std::string_view path) {
  for (std::string_view prefix : {"/healthz", "/livez", "/readyz"})
    if (path == prefix || (path.starts_with(prefix) && path[prefix.size()] == '/')) return true;
  return false;
}

// RFC 9110 §5.6.4, for Warning headers.
std::string warning_header(const std::string& text) {
  std::string quoted = "299 - \"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "\"";
}

object::IncludeObject include_object(const net::Target& target) {
  const auto asked = target.query_value("includeObject");
  if (asked == "None") return object::IncludeObject::None;
  return asked == "Object" ? object::IncludeObject::Object : object::IncludeObject::Metadata;
}

std::optional<std::string> namespace_of(const RequestInfo& info) {
  return info.name_space.empty() ? std::nullopt : std::optional(info.name_space);
}

}  // namespace

ApiServer::ApiServer(ApiServerWorld world, store::Store& store, const Kinds& kinds, ApiServerOptions options,
                     Logger log)
    : world_(world),
      kinds_(kinds),
      options_(std::move(options)),
      log_(std::move(log)),
      discovery_(kinds, options_.version),
      reader_(world.loop, store),
      writer_(store, world.clock, world.entropy),
      watcher_(world.loop, store, reader_, world.entropy),
      housekeeper_(world.loop, store, kinds, writer_, log_) {
  FARHOLM_ASSERT(options_.authorizer != nullptr);
}

io::Task<Result<void>> ApiServer::prepare() {
  std::vector<std::string> names = {"default", "kube-system"};
  names.insert(names.end(), options_.namespaces.begin(), options_.namespaces.end());
  for (const auto& name : names) FARHOLM_CO_CHECK(co_await housekeeper_.make_namespace(name));
  co_return co_await housekeeper_.make_custom_resource_definitions();
}

io::Task<void> ApiServer::handle(net::Exchange& exchange) {
  Call call{.exchange = exchange};
  auto done = co_await serve(call);
  if (done || exchange.answered()) co_return;
  // If even this cannot be sent, the client has gone.
  [[maybe_unused]] auto sent = co_await exchange.respond(answer_to(done.error(), call));
}

net::Response ApiServer::answer_to(const object::Failure& failure, const Call& call) const {
  if (failure.error.code == ErrorCode::InternalError)
    log_.error("{} {}: {}", call.exchange.request().method, call.info.path, failure.error.to_string());
  auto response = render_failure(failure, call.form);
  if (failure.error.code == ErrorCode::TooManyRequests && response.headers.count("Retry-After") == 0)
    response.headers.add("Retry-After", "1");
  return response;
}

io::Task<Answer<void>> ApiServer::serve(Call& call) {
  const auto& request = call.exchange.request();
  FARHOLM_CO_TRY(call.target, net::parse_target(request.target));
  call.info = parse_request_info(request.method, call.target);
  FARHOLM_CO_TRY(call.user, co_await authenticate(options_.authenticators, request, call.exchange.peer()));
  const auto attempt = attempt_of(call);
  if (const auto decision = options_.authorizer->authorize(attempt); !decision.allowed)
    co_return std::unexpected(forbidden(attempt, decision.reason));
  FARHOLM_CO_TRY(auto work, route(call));
  co_return co_await std::move(work);
}

Attempt ApiServer::attempt_of(const Call& call) const {
  const auto& info = call.info;
  return {.user = call.user,
          .verb = info.verb,
          .on_resource = info.on_resource,
          .group = info.group,
          .version = info.version,
          .resource = info.resource,
          .subresource = info.subresource,
          .name_space = info.name_space,
          .name = info.name,
          .path = info.path};
}

Answer<net::Response> ApiServer::answer_on_path(Call& call) const {
  const auto& path = call.info.path;
  if (call.info.verb != "get") return std::unexpected(not_allowed());
  if (is_health(path)) return plain(200, "ok");
  if (path == "/openapi/v2") return open_api_v2(call);
  if (const auto* text = discovery_.open_api_v3(path)) {
    net::Response response{.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = *text};
    if (call.target.query_value("hash")) response.headers.add("Cache-Control", "public, immutable");
    return response;
  }
  const auto* document = discovery_.document(path);
  if (!document) return plain(404, "404 page not found\n");
  FARHOLM_TRY(call.form, negotiate(call.exchange.request(), call.target, /*forms=*/false));
  return render(200, *document, call.form);
}

net::Response ApiServer::open_api_v2(const Call& call) const {
  // The clause spells the version with @ or with a dot; it is the only protobuf here.
  bool protobuf = false;
  for (const auto& clause : parse_accept(call.exchange.request().headers.get("Accept"))) {
    protobuf = clause.type.starts_with("application/com.github.proto-openapi.spec.v2");
    if (protobuf || clause.type == kJson || clause.type == "*/*") break;
  }
  net::Response response{.status = 200};
  response.headers.add("Content-Type", protobuf ? "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
                                                : "application/json");
  response.body = protobuf ? discovery_.open_api_v2_protobuf() : discovery_.open_api_v2_json();
  return response;
}

io::Task<Answer<void>> ApiServer::respond(Call& call, net::Response response) {
  [[maybe_unused]] auto sent = co_await call.exchange.respond(std::move(response));
  co_return Answer<void>();
}

// Not a coroutine, so that a request which waits for its body keeps the frame of nothing but its own work.
Answer<io::Task<Answer<void>>> ApiServer::route(Call& call) {
  if (!call.info.on_resource) {
    FARHOLM_TRY(auto response, answer_on_path(call));
    return respond(call, std::move(response));
  }
  const auto& info = call.info;
  if (info.group == "authorization.k8s.io" && info.resource == "selfsubjectaccessreviews" &&
      info.verb == "create")
    return review_access(call);
  const auto* kind = kinds_.find(info.group, info.version, info.resource);
  if (!kind && !kinds_.has_group_version(info.group, info.version))
    return respond(call, plain(404, "404 page not found\n"));
  if (!kind || kind->descriptor.namespaced < !info.name_space.empty())
    return std::unexpected(no_such_resource());
  const bool has_subresource = info.subresource.empty() ||
                               (info.subresource == "status" && kind->descriptor.status_subresource) ||
                               (info.subresource == "finalize" && kind->descriptor.kind == "Namespace");
  if (!has_subresource) return std::unexpected(no_such_resource());
  FARHOLM_TRY(call.form, negotiate(call.exchange.request(), call.target, /*forms=*/true));
  // A namespaced object is named within its namespace only.
  const bool needs_namespace = kind->descriptor.namespaced && info.name_space.empty();
  if (kind->reviewer != nullptr) {
    if (info.verb != "create" || !info.name.empty() || needs_namespace) return std::unexpected(not_allowed());
    return review(call, *kind);
  }
  if (info.verb == "list" || info.verb == "watch" || info.verb == "get") {
    if (info.verb == "get" && needs_namespace) return std::unexpected(no_such_resource());
    return read(call, *kind);
  }
  if (needs_namespace) return std::unexpected(not_allowed());
  // What only the hub writes keeps its status subresource read-only as well.
  if (!kind->descriptor.has_verb(info.verb)) return std::unexpected(not_allowed());
  if (info.verb == "delete" && info.subresource.empty()) return remove(call, *kind);
  if (info.verb == "deletecollection") return remove_all(call, *kind);
  if (info.verb == "create" && !info.name.empty()) return std::unexpected(not_allowed());
  if (info.verb != "create" && info.verb != "update" && info.verb != "patch")
    return std::unexpected(not_allowed());
  if (info.verb != "create" && info.name.empty()) return std::unexpected(not_allowed());
  return write(call, *kind);
}

io::Task<Answer<void>> ApiServer::read(Call& call, const ServedKind& kind) {
  const auto& info = call.info;
  const Renderer renderer(kind, call.form, include_object(call.target), world_.clock.now());
  if (info.verb == "get") {
    FARHOLM_CO_TRY(const std::int64_t revision,
                   parse_resource_version(call.target.query_value("resourceVersion").value_or("")));
    FARHOLM_CO_TRY(const auto entry, co_await reader_.get(kind, info.name_space, info.name, revision));
    const auto object = kind.from_stored ? kind.from_stored(entry->value) : entry->value;
    [[maybe_unused]] auto sent = co_await call.exchange.respond(renderer.object(200, object));
    co_return Answer<void>();
  }
  const bool watches = info.verb == "watch";
  FARHOLM_CO_TRY(auto options, parse_list_options(call.target, kind.descriptor.selectable_fields, watches));
  if (watches)
    co_return co_await watcher_.watch(call.exchange, kind, namespace_of(info), std::move(options), call.form,
                                      include_object(call.target));
  FARHOLM_CO_TRY(auto listed, co_await reader_.list(kind, namespace_of(info), std::move(options)));
  [[maybe_unused]] auto sent = co_await call.exchange.respond(renderer.list(listed.entries, listed.metadata));
  co_return Answer<void>();
}

io::Task<Answer<void>> ApiServer::write(Call& call, const ServedKind& kind) {
  const auto& info = call.info;
  const auto& request = call.exchange.request();
  const bool built_in = kind.descriptor.built_in;
  Target target{.kind = kind,
                .name_space = info.name_space,
                .name = info.name,
                .subresource = info.subresource,
                .user = call.user};
  const char* options_kind = info.verb == "create"   ? "CreateOptions"
                             : info.verb == "update" ? "UpdateOptions"
                                                     : "PatchOptions";
  FARHOLM_CO_TRY(const auto options, parse_write_options(call.target, options_kind));
  Answer<Written> written;
  if (info.verb == "patch") {
    FARHOLM_CO_TRY(const auto type, patch_type(request, built_in));
    FARHOLM_CO_TRY(auto body, co_await call.exchange.read_body());
    written = co_await writer_.patch(std::move(target), options, type, std::move(body));
  } else {
    FARHOLM_CO_TRY(const auto type, body_type(request, built_in));
    FARHOLM_CO_TRY(auto body, co_await call.exchange.read_body());
    written = info.verb == "create"
                  ? co_await writer_.create(std::move(target), options, type, std::move(body))
                  : co_await writer_.update(std::move(target), options, type, std::move(body));
  }
  if (!written) co_return std::unexpected(std::move(written).error());
  const Renderer renderer(kind, call.form, include_object(call.target), world_.clock.now());
  auto response = renderer.object(written->status, written->object);
  for (const auto& warning : written->warnings) response.headers.add("Warning", warning_header(warning));
  [[maybe_unused]] auto sent = co_await call.exchange.respond(std::move(response));
  co_return Answer<void>();
}

io::Task<Answer<void>> ApiServer::remove(Call& call, const ServedKind& kind) {
  FARHOLM_CO_TRY(const std::string body, co_await call.exchange.read_body());
  std::optional<json::Value> given;
  if (!body.empty()) {
    FARHOLM_CO_TRY(const auto type, body_type(call.exchange.request(), /*protobuf=*/true));
    std::vector<std::string> strict;
    FARHOLM_CO_TRY(given, decode_body(type, body, strict));
  }
  FARHOLM_CO_TRY(auto options, parse_delete_options(call.target, given ? &*given : nullptr));
  Target target{.kind = kind, .name_space = call.info.name_space, .name = call.info.name, .user = call.user};
  FARHOLM_CO_TRY(const auto written, co_await writer_.remove(std::move(target), std::move(options)));
  const Renderer renderer(kind, call.form, include_object(call.target), world_.clock.now());
  [[maybe_unused]] auto sent =
      co_await call.exchange.respond(renderer.object(written.status, written.object));
  co_return Answer<void>();
}

io::Task<Answer<void>> ApiServer::remove_all(Call& call, const ServedKind& kind) {
  FARHOLM_CO_TRY(const std::string body, co_await call.exchange.read_body());
  FARHOLM_CO_TRY(const auto options, parse_write_options(call.target, "DeleteOptions"));
  FARHOLM_CO_TRY(auto selection,
                 parse_list_options(call.target, kind.descriptor.selectable_fields, /*watch=*/false));
  FARHOLM_CO_TRY(auto listed, co_await reader_.list(kind, namespace_of(call.info), std::move(selection)));
  for (const auto& entry : listed.entries) {
    Target target{
        .kind = kind, .name_space = entry->key.name_space, .name = entry->key.name, .user = call.user};
    auto removed = co_await writer_.remove(std::move(target), {.dry_run = options.dry_run});
    if (!removed && removed.error().error.code != ErrorCode::NotFound)
      co_return std::unexpected(std::move(removed).error());
  }
  const Renderer renderer(kind, call.form, include_object(call.target), world_.clock.now());
  [[maybe_unused]] auto sent = co_await call.exchange.respond(renderer.list(listed.entries, listed.metadata));
  co_return Answer<void>();
}

// A kind that is asked and not kept.
io::Task<Answer<void>> ApiServer::review(Call& call, const ServedKind& kind) {
  const auto& descriptor = kind.descriptor;
  FARHOLM_CO_TRY(const auto options, parse_write_options(call.target, "CreateOptions"));
  FARHOLM_CO_TRY(const auto type, body_type(call.exchange.request(), descriptor.built_in));
  FARHOLM_CO_TRY(std::string body, co_await call.exchange.read_body());
  std::vector<std::string> strict;
  FARHOLM_CO_TRY(auto review, decode_object(descriptor, type, body, strict));
  body.clear();
  FARHOLM_CO_CHECK(shape_object(descriptor, review, strict));
  FARHOLM_CO_TRY(const auto warnings, judge_strictness(descriptor, options.field_validation, strict));
  auto& metadata = object::metadata_of(review);
  if (const auto ns = json::string_or(metadata, "namespace"); !ns.empty() && ns != call.info.name_space)
    co_return std::unexpected(object::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"));
  auto causes = object::validate(descriptor.schema, review, "");
  if (causes.empty() && descriptor.validate) causes = descriptor.validate(nullptr, review);
  if (!causes.empty())
    co_return std::unexpected(object::invalid(descriptor, object::name_of(review), std::move(causes)));
  if (descriptor.namespaced) metadata["namespace"] = call.info.name_space;
  metadata["creationTimestamp"] = nullptr;  // as Kubernetes' reviews: it never comes to be
  FARHOLM_CO_TRY(auto status, co_await kind.reviewer->review(call.user, call.info.name_space, review));
  review["status"] = std::move(status);
  const Renderer renderer(kind, call.form, include_object(call.target), world_.clock.now());
  auto response = renderer.object(201, review);
  for (const auto& warning : warnings) response.headers.add("Warning", warning_header(warning));
  [[maybe_unused]] auto sent = co_await call.exchange.respond(std::move(response));
  co_return Answer<void>();
}

// SelfSubjectAccessReview: "may I?". Nothing is stored.
io::Task<Answer<void>> ApiServer::review_access(Call& call) {
  FARHOLM_CO_TRY(call.form, negotiate(call.exchange.request(), call.target, /*forms=*/false));
  FARHOLM_CO_TRY(const auto type, body_type(call.exchange.request(), /*protobuf=*/true));
  FARHOLM_CO_TRY(const std::string body, co_await call.exchange.read_body());
  std::vector<std::string> strict;
  FARHOLM_CO_TRY(auto review, decode_body(type, body, strict));
  Attempt attempt{.user = call.user};
  if (const auto* asked = json::find_path(review, {"spec", "resourceAttributes"})) {
    attempt.verb = json::string_or(*asked, "verb");
    attempt.group = json::string_or(*asked, "group");
    attempt.resource = json::string_or(*asked, "resource");
    attempt.subresource = json::string_or(*asked, "subresource");
    attempt.name_space = json::string_or(*asked, "namespace");
    attempt.name = json::string_or(*asked, "name");
  } else if (const auto* path = json::find_path(review, {"spec", "nonResourceAttributes"})) {
    attempt.on_resource = false;
    attempt.verb = json::string_or(*path, "verb");
    attempt.path = json::string_or(*path, "path");
  } else {
    co_return std::unexpected(object::invalid(
        "authorization.k8s.io", "SelfSubjectAccessReview", "",
        {object::field_required("spec", "resourceAttributes or nonResourceAttributes must be given")}));
  }
  const auto decision = options_.authorizer->authorize(attempt);
  review["apiVersion"] = "authorization.k8s.io/v1";
  review["kind"] = "SelfSubjectAccessReview";
  object::metadata_of(review)["creationTimestamp"] = nullptr;
  review["status"] = {{"allowed", decision.allowed}};
  if (!decision.reason.empty()) review["status"]["reason"] = decision.reason;
  [[maybe_unused]] auto sent = co_await call.exchange.respond(render(201, review, call.form));
  co_return Answer<void>();
}

}  // namespace farholm::apiserver
