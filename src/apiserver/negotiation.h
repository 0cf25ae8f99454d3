// Which form of an answer a client wants, and which form its request has (apiserver, pkg/endpoints/handlers/
// negotiation). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/message.h"
#include "net/target.h"

namespace farholm::apiserver {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kYaml = "application/yaml";
inline constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";

// "application/json;as=Table;v=v1": one clause of an Accept header, or a Content-Type.
struct MediaType {
  std::string type;  // lower case, without parameters
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view parameter(std::string_view name) const;  // "" when it is not there
};
MediaType parse_media_type(std::string_view text);
std::vector<MediaType> parse_accept(std::string_view header);

enum class Form : std::uint8_t { Object, Table, PartialMetadata };

struct Representation {
  Form form = Form::Object;
  std::string version = "v1";  // of meta.k8s.io, for tables and partial metadata
  bool yaml = false;
  bool pretty = false;
  // What the answer says it is.
  std::string content_type() const { return std::string(yaml ? kYaml : kJson); }
};

// The first clause that we can serve; none at all means JSON. NotAcceptable lists what there is.
// `forms`: whether tables and partial metadata make sense here.
Result<Representation> negotiate(const net::Request& request, const net::Target& target, bool forms);

// The type of a request's body; none means JSON.
enum class BodyType : std::uint8_t { Json, Yaml, Protobuf };
// UnsupportedMediaType lists what there is. Protobuf only where `protobuf` says so.
Result<BodyType> body_type(const net::Request& request, bool protobuf);

enum class PatchType : std::uint8_t { Json, Merge, StrategicMerge };
Result<PatchType> patch_type(const net::Request& request, bool strategic);

}  // namespace farholm::apiserver
