#include "driver/simulated/simulated_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace farholm::driver::simulated {
namespace {

constexpr std::uint64_t kRecordBytesMax = 1 << 20;
constexpr std::int64_t kFormat = 1;

std::string name_of(const json::Value& object) {
  const auto* metadata = json::find_object(object, "metadata");
  if (metadata == nullptr) return json::string_or(object, "kind");
  const auto name_space = json::string_or(*metadata, "namespace");
  return fmt::format("{} {}{}{}", json::string_or(object, "kind"), name_space, name_space.empty() ? "" : "/",
                     json::string_or(*metadata, "name"));
}

// What a real driver would bring up, by name, in the order in which it would.
std::vector<std::string> parts_of(const SiteContext& site, const Layer& layer) {
  std::vector<std::string> parts;
  if (const auto* objects = json::find_array(layer.spec, "objects")) {
    for (const auto& object : *objects) parts.push_back(name_of(object));
  } else if (layer.type == "kubernetes") {
    parts.emplace_back("etcd");
    for (const auto& node : site.nodes) {
      if (node.host == site.host) parts.push_back("the node " + node.slot);
    }
    parts.emplace_back("the balancer");
  }
  return parts;
}

}  // namespace

Result<std::unique_ptr<SimulatedDriver>> SimulatedDriver::open(io::Loop& loop, io::Files& files,
                                                               std::string path, Pace pace) {
  std::unique_ptr<SimulatedDriver> driver(new SimulatedDriver(loop, files, std::move(path), pace));
  FARHOLM_TRY(const auto text, io::read_file_if_exists(files, driver->path_, kRecordBytesMax));
  if (!text) {
    FARHOLM_CHECK(driver->save({}));
    return driver;
  }
  auto record = parse(*text);
  if (!record) {
    return fail(ErrorCode::Invalid,
                fmt::format("the record of the simulated site, {}, cannot be read ({}): begin anew with an "
                            "empty state folder; nothing real is lost",
                            driver->path_, record.error().to_string()));
  }
  driver->record_ = std::move(*record);
  return driver;
}

Result<SimulatedDriver::Record> SimulatedDriver::parse(const std::string& text) {
  FARHOLM_TRY(const auto document, json::parse(text));
  FARHOLM_TRY(const auto format, json::require_integer(document, "format"));
  if (format != kFormat) return fail(ErrorCode::Invalid, "its format is of another agent");
  FARHOLM_TRY(const auto* layers, json::require_object(document, "layers"));
  Record record;
  for (const auto& [name, layer] : layers->items()) {
    FARHOLM_TRY(record[name], json::require_string(layer, "fingerprint"));
  }
  return record;
}

Result<void> SimulatedDriver::save(Record record) {
  json::Value layers = json::Value::object();
  for (const auto& [name, fingerprint] : record) layers[name] = {{"fingerprint", fingerprint}};
  const json::Value document{
      {"format", kFormat},
      {"simulated", "nothing runs here: this is only what would, had the layers been applied to real hosts"},
      {"layers", std::move(layers)}};
  FARHOLM_CHECK(io::write_file_atomically(files_, path_, json::to_pretty_text(document) + "\n"));
  record_ = std::move(record);
  return {};
}

io::Task<Result<Observation>> SimulatedDriver::observe(const SiteContext&, const Layer& layer) {
  const auto found = record_.find(layer.name);
  if (found == record_.end()) co_return Observation{Health::Absent, "", "simulated: nothing of it is there"};
  const auto& fingerprint = found->second;
  if (fingerprint.empty()) co_return Observation{Health::Drifted, "", "simulated: applying it was cut off"};
  if (fingerprint != layer.fingerprint)
    co_return Observation{Health::Drifted, fingerprint, "simulated: another version of it is there"};
  if (const auto at = healthy_at_.find(layer.name);
      at != healthy_at_.end() && loop_.clock().monotonic() < at->second)
    co_return Observation{Health::Progressing, fingerprint, "simulated: it takes its time to become healthy"};
  co_return Observation{Health::Healthy, fingerprint, ""};
}

// What is needed of the layer is copied before the first wait: the caller's may not live that long.
io::Task<Result<void>> SimulatedDriver::apply(const SiteContext& site, const Layer& layer,
                                              Progress progress) {
  const std::string name = layer.name;
  const std::string fingerprint = layer.fingerprint;
  const auto parts = parts_of(site, layer);
  Record next = record_;
  next[name].clear();
  FARHOLM_CO_CHECK(save(next));
  const auto pause = parts.empty()
                         ? io::Duration::zero()
                         : std::min(pace_.part, pace_.layer_max / static_cast<std::int64_t>(parts.size()));
  for (const auto& part : parts) {
    if (progress) progress("simulated: bringing up " + part);
    co_await loop_.sleep(pause);
  }
  next = record_;
  next[name] = fingerprint;
  FARHOLM_CO_CHECK(save(std::move(next)));
  healthy_at_[name] = loop_.clock().monotonic() + pace_.time_to_healthy;
  timers_.spawn(tell_when_healthy());
  co_return Result<void>{};
}

io::Task<Result<void>> SimulatedDriver::remove(const SiteContext&, const std::string& layer_name,
                                               Progress progress) {
  const std::string name = layer_name;
  if (!record_.contains(name)) co_return Result<void>{};
  if (progress) progress("simulated: removing " + name);
  co_await loop_.sleep(pace_.part);
  Record next = record_;
  next.erase(name);
  healthy_at_.erase(name);
  co_return save(std::move(next));
}

io::Task<Result<std::vector<std::string>>> SimulatedDriver::layers(const SiteContext&) {
  std::vector<std::string> names;
  names.reserve(record_.size());
  for (const auto& [name, fingerprint] : record_) names.push_back(name);
  co_return names;
}

io::Task<void> SimulatedDriver::tell_when_healthy() {
  co_await loop_.sleep(pace_.time_to_healthy);
  changed_.set();
}

}  // namespace farholm::driver::simulated
