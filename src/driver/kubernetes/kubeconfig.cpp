#include "base/encoding.h"
#include "driver/kubernetes/kubernetes_driver.h"
#include "json/json.h"

namespace farholm::driver::kubernetes {

std::string make_kubeconfig(const std::string& cluster_name, const ClusterAccess& access) {
  const auto base64 = [](const std::string& text) { return to_base64(as_bytes(text)); };
  json::Value config = {{"apiVersion", "v1"}, {"kind", "Config"}, {"current-context", cluster_name}};
  config["clusters"] = json::Value::array(
      {{{"name", cluster_name},
        {"cluster", {{"server", access.endpoint}, {"certificate-authority-data", base64(access.ca_pem)}}}}});
  config["users"] = json::Value::array({{{"name", cluster_name},
                                         {"user",
                                          {{"client-certificate-data", base64(access.client_pem)},
                                           {"client-key-data", base64(access.client_key_pem)}}}}});
  config["contexts"] = json::Value::array(
      {{{"name", cluster_name}, {"context", {{"cluster", cluster_name}, {"user", cluster_name}}}}});
  return json::to_yaml(config);
}

}  // namespace farholm::driver::kubernetes
