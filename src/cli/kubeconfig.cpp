#include "cli/kubeconfig.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/key_file.h"
#include "json/json.h"

namespace farholm::cli {
namespace {

class Kubeconfig {
 public:
  Kubeconfig(io::Files& files, const std::string& path, json::Value value)
      : files_(files), path_(path), value_(std::move(value)) {}

  Result<HubAccess> access(const std::string& wanted_context) {
    const std::string name =
        wanted_context.empty() ? json::string_or(value_, "current-context") : wanted_context;
    if (name.empty()) return bad("has no current-context: choose one with --context");
    FARHOLM_TRY(const auto context, find("contexts", "context", name));
    FARHOLM_TRY(const auto cluster, find("clusters", "cluster", json::string_or(context, "cluster")));
    FARHOLM_TRY(const auto user, find("users", "user", json::string_or(context, "user")));
    HubAccess access{.server = json::string_or(cluster, "server"),
                     .server_name = json::string_or(cluster, "tls-server-name"),
                     .name_space = json::string_or(context, "namespace")};
    if (!access.server.starts_with("https://"))
      return bad(fmt::format("names the server \"{}\": it must begin with https://", access.server));
    if (json::find_bool(cluster, "insecure-skip-tls-verify").value_or(false))
      return bad("asks not to verify the server: give it the hub's certificate-authority instead");
    FARHOLM_TRY(access.ca_pem, bytes(cluster, "certificate-authority"));
    if (access.ca_pem.empty()) return bad("gives no certificate-authority: without one no server is trusted");
    for (const char* other : {"exec", "auth-provider", "username"})
      if (user.contains(other))
        return bad(
            fmt::format("has a user with {}: this program takes a client certificate or a token", other));
    FARHOLM_TRY(access.client_pem, bytes(user, "client-certificate"));
    FARHOLM_TRY(access.client_key_pem, bytes(user, "client-key"));
    if (access.client_pem.empty() != access.client_key_pem.empty())
      return bad("gives only one of client-certificate and client-key: both are needed");
    access.token = json::string_or(user, "token");
    if (const auto file = json::string_or(user, "tokenFile"); access.token.empty() && !file.empty()) {
      FARHOLM_TRY(access.token, read_text(files_, relative(file)));
      while (!access.token.empty() && (access.token.back() == '\n' || access.token.back() == '\r'))
        access.token.pop_back();
    }
    return access;
  }

 private:
  std::unexpected<Error> bad(const std::string& what) const {
    return fail(ErrorCode::BadRequest, fmt::format("the kubeconfig {} {}", path_, what));
  }

  // The entry of a named list.
  Result<json::Value> find(const char* list, const char* member, const std::string& name) const {
    if (const auto* rows = json::find_array(value_, list))
      for (const auto& row : *rows)
        if (json::string_or(row, "name") == name)
          if (const auto* found = json::find_object(row, member)) return *found;
    return bad(fmt::format("has no {} named \"{}\"", member, name));
  }

  std::string relative(const std::string& file) const {
    return file.starts_with('/') ? file : io::join_path(io::parent_path(path_), file);
  }

  // `<member>-data` in base64, else the file that `<member>` names; empty when there is neither.
  Result<std::string> bytes(const json::Value& entry, const std::string& member) const {
    if (const auto data = json::string_or(entry, member + "-data"); !data.empty()) {
      const auto decoded = from_base64(data);
      if (!decoded) return bad(fmt::format("has {}-data that is not base64", member));
      return std::string(as_text(*decoded));
    }
    const auto file = json::string_or(entry, member);
    if (file.empty()) return std::string();
    return read_text(files_, relative(file));
  }

  io::Files& files_;
  const std::string& path_;
  json::Value value_;
};

}  // namespace

Result<HubAccess> read_kubeconfig(io::Files& files, const std::string& path, const std::string& context) {
  if (path.empty())
    return fail(ErrorCode::BadRequest, "which hub? Give --kubeconfig FILE, or set KUBECONFIG");
  if (path.find(':') != std::string::npos)
    return fail(
        ErrorCode::BadRequest,
        fmt::format("KUBECONFIG names several files ({}): give the one of the hub with --kubeconfig", path));
  FARHOLM_TRY(const auto text, read_text(files, path));
  auto value = json::parse_yaml(text);
  if (!value) return fail_while(std::move(value).error(), "reading the kubeconfig " + path);
  return Kubeconfig(files, path, std::move(*value)).access(context);
}

}  // namespace farholm::cli
