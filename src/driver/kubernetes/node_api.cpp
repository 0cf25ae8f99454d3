#include "driver/kubernetes/node_api.h"

#include <fmt/format.h>

#include "json/json.h"

namespace farholm::driver::kubernetes {
namespace {

constexpr std::size_t kListBytesMax = 4 << 20;
constexpr std::size_t kQuotedBytesMax = 400;

NodeObject read_node(const json::Value& item) {
  NodeObject node;
  node.message = "its kubelet has not reported yet";
  const json::Value* conditions = json::find_path(item, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return node;
  for (const json::Value& condition : *conditions) {
    if (json::string_or(condition, "type") != "Ready") continue;
    const std::string status = json::string_or(condition, "status");
    node.ready = status == "True";
    node.message = node.ready ? "" : json::string_or(condition, "message");
    node.lacks_network = status == "False" && (node.message.contains("cni plugin not initialized") ||
                                               node.message.contains("NetworkPluginNotReady"));
  }
  return node;
}

}  // namespace

Result<std::map<std::string, NodeObject>> read_node_list(const std::string& text) {
  json::Limits limits;
  limits.bytes_max = kListBytesMax;
  FARHOLM_TRY(auto list, json::parse(text, limits));
  FARHOLM_TRY(const json::Value* items, json::require_array(list, "items"));
  std::map<std::string, NodeObject> nodes;
  for (const json::Value& item : *items)
    if (const json::Value* metadata = json::find_object(item, "metadata"))
      nodes.emplace(json::string_or(*metadata, "name"), read_node(item));
  return nodes;
}

io::Task<Result<std::string>> KubectlNodeApi::kubectl(std::vector<std::string> arguments) {
  docker::ExecSpec spec;
  spec.container = container_;
  spec.command = {"kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=5s"};
  spec.command.insert(spec.command.end(), arguments.begin(), arguments.end());
  spec.output_bytes_max = kListBytesMax;
  FARHOLM_CO_TRY(auto output, co_await engine_.exec(std::move(spec)));
  if (output.exit_code != 0)
    co_return fail(ErrorCode::ServiceUnavailable, fmt::format("The cluster's API does not answer: {}",
                                                              output.err.substr(0, kQuotedBytesMax)));
  co_return std::move(output.out);
}

io::Task<Result<std::map<std::string, NodeObject>>> KubectlNodeApi::list() {
  FARHOLM_CO_TRY(auto text, co_await kubectl({"get", "nodes", "-o", "json"}));
  co_return read_node_list(text);
}

io::Task<Result<void>> KubectlNodeApi::drain(std::string node, std::chrono::seconds limit) {
  FARHOLM_CO_TRY(auto ignored,
                 co_await kubectl({"drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force",
                                   fmt::format("--timeout={}s", limit.count())}));
  (void)ignored;
  co_return Result<void>{};
}

io::Task<Result<void>> KubectlNodeApi::remove(std::string node) {
  FARHOLM_CO_TRY(auto ignored,
                 co_await kubectl({"delete", "node", node, "--ignore-not-found", "--wait=false"}));
  (void)ignored;
  co_return Result<void>{};
}

io::Task<Result<void>> KubectlNodeApi::forget_pods(std::string node) {
  FARHOLM_CO_TRY(auto ignored, co_await kubectl({"delete", "pods", "--all-namespaces",
                                                 "--field-selector=spec.nodeName=" + node, "--force",
                                                 "--grace-period=0", "--wait=false"}));
  (void)ignored;
  co_return Result<void>{};
}

}  // namespace farholm::driver::kubernetes
