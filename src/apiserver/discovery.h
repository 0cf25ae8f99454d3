// Discovery: which groups, versions and resources there are, for clients that find their way by it. Documents
// are made once. On the loop's thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "apiserver/kinds.h"
#include "json/json.h"

namespace farholm::apiserver {

struct ServerVersion {
  std::string major = "1";
  std::string minor = "34";  // clients look at it to guess what we can do
  std::string git_version = "v1.34.0+farholm";
};

class Discovery {
 public:
  Discovery(const Kinds& kinds, const ServerVersion& version);

  // The JSON document behind a path ("/api", "/apis/farholm.dev/v1alpha1", "/version"), or nothing.
  const json::Value* document(const std::string& path) const;

  // "/openapi/v3/apis/farholm.dev/v1alpha1" and the index; as text.
  const std::string* open_api_v3(const std::string& path) const;
  const std::string& open_api_v2_json() const { return open_api_v2_json_; }
  const std::string& open_api_v2_protobuf() const { return open_api_v2_protobuf_; }

 private:
  void describe_groups(const Kinds& kinds);
  void describe_schemas(const Kinds& kinds, const ServerVersion& version);

  std::map<std::string, json::Value> documents_;
  std::map<std::string, std::string> open_api_v3_;
  std::string open_api_v2_json_;
  std::string open_api_v2_protobuf_;
};

}  // namespace farholm::apiserver
