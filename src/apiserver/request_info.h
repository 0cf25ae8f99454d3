// What a path asks for (apiserver, pkg/endpoints/request/requestinfo.go). Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "net/target.h"

namespace farholm::apiserver {

struct RequestInfo {
  bool on_resource = false;
  // get list watch create update patch delete deletecollection; for other paths the method in lower case.
  std::string verb;
  std::string group;
  std::string version;
  std::string resource;
  std::string name_space;
  std::string name;
  std::string subresource;
  std::string path;  // decoded, "/a/b"

  bool operator==(const RequestInfo&) const = default;
};

RequestInfo parse_request_info(std::string_view method, const net::Target& target);

// A query parameter that is a switch: anything but "false" and "0" is true; an empty value too.
bool query_flag(const net::Target& target, std::string_view name);

}  // namespace farholm::apiserver
