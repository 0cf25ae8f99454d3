// "METHOD target\nAccept\nContent-Type": what a path, a query and media types say is found or refused.
#include <cstdint>

#include "apiserver/negotiation.h"
#include "apiserver/options.h"
#include "apiserver/request_info.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farholm;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto take = [&](char until) {
    const auto end = std::min(rest.find(until), rest.size());
    const std::string part(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
  };
  net::Request request{.method = take(' '), .target = take('\n')};
  request.headers.add("Accept", take('\n'));
  request.headers.add("Content-Type", std::string(rest));
  const auto target = net::parse_target(request.target);
  if (!target) return 0;
  (void)apiserver::parse_request_info(request.method, *target);
  (void)apiserver::negotiate(request, *target, /*forms=*/true);
  (void)apiserver::body_type(request, /*protobuf=*/true);
  (void)apiserver::patch_type(request, /*strategic=*/true);
  (void)apiserver::parse_write_options(*target, "PatchOptions");
  (void)apiserver::parse_delete_options(*target, nullptr);
  (void)apiserver::parse_list_options(*target, {"spec.host"}, /*watch=*/true);
  (void)apiserver::parse_list_options(*target, {"spec.host"}, /*watch=*/false);
  return 0;
}
