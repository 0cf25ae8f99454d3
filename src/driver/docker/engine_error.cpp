#include "driver/docker/engine_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "json/json.h"

namespace farholm::driver::docker {
namespace {

// An engine's prose is quoted up to this length.
constexpr std::size_t kQuotedBytesMax = 500;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

// The port in "Bind for 0.0.0.0:8080 failed" or "listen tcp4 0.0.0.0:8080: bind".
std::string port_in(std::string_view message) {
  for (std::string_view before : {"Bind for ", "listen tcp4 ", "listen tcp6 ", "listen tcp "}) {
    const auto start = message.find(before);
    if (start == std::string_view::npos) continue;
    std::string_view address = message.substr(start + before.size());
    address = address.substr(0, address.find(' '));
    while (address.ends_with(':') || address.ends_with(',')) address.remove_suffix(1);
    const auto colon = address.rfind(':');
    if (colon != std::string_view::npos) return std::string(address.substr(colon + 1));
  }
  return "";
}

std::optional<Error> known_trouble(std::string_view message) {
  const std::string text = lower(message);
  auto says = [&](std::string_view phrase) { return text.contains(phrase); };
  if (says("port is already allocated") || (says("listen tcp") && says("address already in use"))) {
    const std::string port = port_in(message);
    return port_taken(port.empty() ? "that a container publishes" : port);
  }
  if (says("pool overlaps") || says("overlapping ipv4") || says("conflicts with network"))
    return Error{
        ErrorCode::Conflict,
        fmt::format("The site's subnet is taken by another network on this host: choose another in the "
                    "plan, or remove that network (`ip route` shows it). Docker Engine says: {}",
                    message)};
  if (says("address already in use"))
    return Error{
        ErrorCode::Conflict,
        fmt::format("An address of the site's network is taken by another container: remove the container "
                    "that is not Farholm's. Docker Engine says: {}",
                    message)};
  if (says("no space left on device"))
    return Error{ErrorCode::ServiceUnavailable,
                 "The disk of Docker Engine is full: free some space where its data is (`docker system df`, "
                 "usually /var/lib/docker)"};
  if (says("unable to apply caps") || says("invalid capability") || says("unknown capability"))
    return Error{
        ErrorCode::Forbidden,
        fmt::format("This host does not grant a capability that a node needs (see CapBnd in "
                    "/proc/self/status): run Docker Engine where it may have it. Docker Engine says: {}",
                    message)};
  return std::nullopt;
}

}  // namespace

Error engine_error_from_message(int status, std::string_view message, std::string_view doing) {
  message = message.substr(0, kQuotedBytesMax);
  Error error;
  if (auto known = known_trouble(message)) {
    error = std::move(*known);
  } else {
    error.code = status == 409 ? ErrorCode::AlreadyExists : error_code_from_http_status(status);
    error.message = fmt::format("Docker Engine says: {}", message.empty() ? "nothing more" : message);
  }
  error.trail.emplace_back(doing);
  return error;
}

Error engine_error(int status, std::string_view body, std::string_view doing) {
  if (auto answer = json::parse(body); answer && answer->is_object())
    if (const std::string* message = json::find_string(*answer, "message"))
      return engine_error_from_message(status, *message, doing);
  return engine_error_from_message(status, body, doing);
}

Error port_taken(std::string_view port) {
  return {ErrorCode::Conflict,
          fmt::format("Port {} of this host is taken by another program: stop it (`ss -ltnp` shows it) or "
                      "choose another port in the plan",
                      port)};
}

Error engine_absent(std::string_view endpoint, const Error& transport) {
  return {
      ErrorCode::ServiceUnavailable,
      fmt::format("Docker Engine does not answer at {}: is it installed and running? Try `systemctl start "
                  "docker` ({})",
                  endpoint, transport.message)};
}

}  // namespace farholm::driver::docker
