#include "apiserver/negotiation.h"

#include <algorithm>

namespace farholm::apiserver {

namespace {

constexpr std::size_t kAcceptClausesMax = 64;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The part before the separator; moves behind it.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part);
}

bool wants_pretty(const net::Request& request, const net::Target& target) {
  if (const auto asked = target.query_value("pretty")) return *asked != "false" && *asked != "0";
  const auto agent = request.headers.get("User-Agent");
  return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

// Whether and how a clause can be served.
std::optional<Representation> serve(const MediaType& clause, bool forms) {
  Representation result;
  const bool json = clause.type == kJson || clause.type == "*/*" || clause.type == "application/*";
  result.yaml = clause.type == kYaml;
  if (!json && !result.yaml) return std::nullopt;
  // Streams of protobuf frames and the like; of JSON only "watch" is there.
  if (const auto stream = clause.parameter("stream"); !stream.empty() && stream != "watch")
    return std::nullopt;
  const auto as = clause.parameter("as");
  if (as.empty()) return result;
  if (!forms || clause.parameter("g") != "meta.k8s.io") return std::nullopt;
  result.version = clause.parameter("v");
  if (result.version != "v1" && result.version != "v1beta1") return std::nullopt;
  if (as == "Table")
    result.form = Form::Table;
  else if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList")
    result.form = Form::PartialMetadata;
  else
    return std::nullopt;
  return result;
}

}  // namespace

std::string_view MediaType::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return {};
}

MediaType parse_media_type(std::string_view text) {
  MediaType media;
  media.type = take_until(text, ';');
  std::transform(media.type.begin(), media.type.end(), media.type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  while (!text.empty()) {
    auto parameter = take_until(text, ';');
    const auto name = take_until(parameter, '=');
    if (parameter.size() >= 2 && parameter.front() == '"' && parameter.back() == '"')
      parameter = parameter.substr(1, parameter.size() - 2);
    media.parameters.emplace_back(name, parameter);
  }
  return media;
}

std::vector<MediaType> parse_accept(std::string_view header) {
  std::vector<MediaType> clauses;
  while (!header.empty() && clauses.size() < kAcceptClausesMax) {
    const auto clause = take_until(header, ',');
    if (!clause.empty()) clauses.push_back(parse_media_type(clause));
  }
  return clauses;
}

Result<Representation> negotiate(const net::Request& request, const net::Target& target, bool forms) {
  const auto header = request.headers.get("Accept");
  std::optional<Representation> chosen;
  if (trimmed(header).empty()) {
    chosen.emplace();
  } else {
    for (const auto& clause : parse_accept(header))
      if ((chosen = serve(clause, forms))) break;
  }
  if (!chosen)
    return fail(ErrorCode::NotAcceptable,
                "only the following media types are accepted: application/json, application/yaml");
  chosen->pretty = wants_pretty(request, target);
  return *chosen;
}

Result<BodyType> body_type(const net::Request& request, bool protobuf) {
  const auto type = parse_media_type(request.headers.get("Content-Type")).type;
  if (type.empty() || type == kJson || type == "*/*") return BodyType::Json;
  if (type == kYaml) return BodyType::Yaml;
  if (type == kProtobuf && protobuf) return BodyType::Protobuf;
  return fail(ErrorCode::UnsupportedMediaType,
              std::string("the body of the request was in an unknown format - accepted media types include: "
                          "application/json, application/yaml") +
                  (protobuf ? ", application/vnd.kubernetes.protobuf" : ""));
}

Result<PatchType> patch_type(const net::Request& request, bool strategic) {
  const auto type = parse_media_type(request.headers.get("Content-Type")).type;
  if (type == "application/json-patch+json") return PatchType::Json;
  if (type == "application/merge-patch+json") return PatchType::Merge;
  if (type == "application/strategic-merge-patch+json" && strategic) return PatchType::StrategicMerge;
  return fail(ErrorCode::UnsupportedMediaType,
              std::string("the body of the request was in an unknown format - accepted media types include: "
                          "application/json-patch+json, application/merge-patch+json") +
                  (strategic ? ", application/strategic-merge-patch+json" : ""));
}

}  // namespace farholm::apiserver
