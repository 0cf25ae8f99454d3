// The Engine API's JSON (v1.41): our requests as bodies, its answers as values. Answers are read leniently,
// as other engines (Podman) and later versions leave fields out. Pure; any thread.
#pragma once

#include "base/result.h"
#include "driver/docker/engine_types.h"
#include "json/json.h"

namespace farholm::driver::docker {

json::Value container_body(const ContainerSpec& spec);
json::Value network_body(const NetworkSpec& spec);
json::Value exec_body(const ExecSpec& spec);
// The value of a `filters` parameter: everything with this label.
std::string label_filter(const std::string& label);

EngineInfo read_info(const json::Value& version, const json::Value& info);
ImageInfo read_image(const json::Value& answer);
NetworkInfo read_network(const json::Value& answer);
VolumeInfo read_volume(const json::Value& answer);
ContainerInfo read_container(const json::Value& inspect_answer);
// One entry of GET /containers/json: has no exit code, error or start time.
ContainerInfo read_listed_container(const json::Value& entry);

}  // namespace farholm::driver::docker
