#include "driver/docker/fake_engine.h"

namespace farholm::driver::docker {
namespace {

// "key=value", or "key" with any value.
bool carries(const Labels& labels, const std::string& label) {
  const auto equals = label.find('=');
  const auto found = labels.find(label.substr(0, equals));
  if (found == labels.end()) return false;
  return equals == std::string::npos || found->second == label.substr(equals + 1);
}

std::unexpected<Error> not_there(const std::string& name) {
  return fail(ErrorCode::NotFound, "No such container: " + name);
}

bool only_looks(const std::string& operation) {
  return operation.starts_with("inspect") || operation.starts_with("list") || operation.starts_with("get") ||
         operation == "info" || operation == "logs" || operation == "exec";
}

}  // namespace

template <class T>
io::Task<Result<T>> FakeEngine::operate(std::string name, std::string target,
                                        std::function<Result<T>()> effect) {
  co_await loop_.yield();
  ++operations_;
  const bool hangs = operations_left_ == 0;
  if (operations_left_ > 0) --operations_left_;
  if (hangs && !hang_with_effect_) co_await never_.wait();
  if (const auto failure = failures.find(name); failure != failures.end()) {
    Error error = failure->second;
    failures.erase(failure);
    co_return std::unexpected(std::move(error));
  }
  if (!only_looks(name)) changes_.push_back(name + " " + target);
  Result<T> result = effect();
  if (hangs) co_await never_.wait();
  co_return result;
}

io::Task<Result<EngineInfo>> FakeEngine::info() {
  return operate<EngineInfo>("info", "",
                             [] { return EngineInfo{.version = "20.10", .api_version = "1.41"}; });
}

io::Task<Result<std::optional<ImageInfo>>> FakeEngine::inspect_image(std::string reference) {
  return operate<std::optional<ImageInfo>>("inspect_image", reference, [this, reference] {
    return images.contains(reference) ? std::optional(ImageInfo{reference, {}, 0}) : std::nullopt;
  });
}

io::Task<Result<void>> FakeEngine::pull_image(std::string reference, Progress) {
  return operate<void>("pull_image", reference, [this, reference]() -> Result<void> {
    images.insert(reference);
    return {};
  });
}

io::Task<Result<void>> FakeEngine::tag_image(std::string reference, std::string repository, std::string tag) {
  return operate<void>("tag_image", reference, [this, name = repository + ":" + tag]() -> Result<void> {
    images.insert(name);
    return {};
  });
}

io::Task<Result<std::optional<NetworkInfo>>> FakeEngine::inspect_network(std::string name) {
  return operate<std::optional<NetworkInfo>>("inspect_network", name, [this, name] {
    const auto found = networks.find(name);
    return found == networks.end() ? std::nullopt : std::optional(found->second);
  });
}

io::Task<Result<void>> FakeEngine::create_network(NetworkSpec spec) {
  return operate<void>("create_network", spec.name, [this, spec]() -> Result<void> {
    networks[spec.name] = {spec.name, spec.name, spec.subnet, spec.gateway, spec.labels};
    return {};
  });
}

io::Task<Result<void>> FakeEngine::remove_network(std::string name) {
  return operate<void>("remove_network", name, [this, name]() -> Result<void> {
    networks.erase(name);
    return {};
  });
}

io::Task<Result<std::vector<VolumeInfo>>> FakeEngine::list_volumes(std::string label) {
  return operate<std::vector<VolumeInfo>>("list_volumes", label, [this, label] {
    std::vector<VolumeInfo> found;
    for (const auto& [name, volume] : volumes)
      if (carries(volume.labels, label)) found.push_back(volume);
    return found;
  });
}

io::Task<Result<void>> FakeEngine::create_volume(std::string name, Labels labels) {
  return operate<void>("create_volume", name, [this, name, labels]() -> Result<void> {
    volumes.try_emplace(name, VolumeInfo{name, labels, "/volumes/" + name});
    return {};
  });
}

io::Task<Result<void>> FakeEngine::remove_volume(std::string name) {
  return operate<void>("remove_volume", name, [this, name]() -> Result<void> {
    volumes.erase(name);
    return {};
  });
}

io::Task<Result<std::vector<ContainerInfo>>> FakeEngine::list_containers(std::string label) {
  return operate<std::vector<ContainerInfo>>("list_containers", label, [this, label] {
    std::vector<ContainerInfo> found;
    for (const auto& [name, container] : containers)
      if (carries(container.info.labels, label)) found.push_back(container.info);
    return found;
  });
}

io::Task<Result<std::optional<ContainerInfo>>> FakeEngine::inspect_container(std::string name) {
  return operate<std::optional<ContainerInfo>>("inspect_container", name, [this, name] {
    const auto found = containers.find(name);
    return found == containers.end() ? std::nullopt : std::optional(found->second.info);
  });
}

io::Task<Result<std::string>> FakeEngine::create_container(ContainerSpec spec) {
  return operate<std::string>("create_container", spec.name, [this, spec]() -> Result<std::string> {
    if (containers.contains(spec.name))
      return fail(ErrorCode::AlreadyExists, "There is a container " + spec.name);
    if (!images.contains(spec.image)) return fail(ErrorCode::NotFound, "No such image: " + spec.image);
    Container& container = containers[spec.name];
    container.spec = spec;
    container.info = {.id = spec.name, .name = spec.name, .image = spec.image, .labels = spec.labels};
    container.info.status = "created";
    container.info.address = spec.address;
    for (const Mount& mount : spec.mounts)
      if (mount.kind == Mount::Kind::Volume) container.info.volumes.push_back(mount.source);
    return spec.name;
  });
}

io::Task<Result<void>> FakeEngine::start_container(std::string name) {
  return operate<void>("start_container", name, [this, name]() -> Result<void> {
    const auto found = containers.find(name);
    if (found == containers.end()) return not_there(name);
    for (const auto& [other, container] : containers)
      if (other != name && container.info.running && container.info.address == found->second.info.address)
        return fail(ErrorCode::Conflict, "The address of " + name + " is taken by " + other);
    found->second.info.running = true;
    found->second.info.ports = found->second.spec.ports;
    found->second.info.status = "running";
    return {};
  });
}

io::Task<Result<void>> FakeEngine::stop_container(std::string name) {
  return operate<void>("stop_container", name, [this, name]() -> Result<void> {
    const auto found = containers.find(name);
    if (found == containers.end()) return {};
    found->second.info.running = false;
    found->second.info.status = "exited";
    return {};
  });
}

io::Task<Result<void>> FakeEngine::kill_container(std::string name, std::string signal) {
  return operate<void>("kill_container", name + " " + signal, [this, name, signal]() -> Result<void> {
    const auto found = containers.find(name);
    if (found == containers.end()) return not_there(name);
    found->second.signals.push_back(signal);
    return {};
  });
}

io::Task<Result<void>> FakeEngine::remove_container(std::string name) {
  return operate<void>("remove_container", name, [this, name]() -> Result<void> {
    containers.erase(name);
    return {};
  });
}

io::Task<Result<std::string>> FakeEngine::logs(std::string name, int) {
  return operate<std::string>("logs", name, [] { return std::string(); });
}

io::Task<Result<ExecOutput>> FakeEngine::exec(ExecSpec spec) {
  return operate<ExecOutput>("exec", spec.container, [this, spec]() -> Result<ExecOutput> {
    const auto found = containers.find(spec.container);
    if (found == containers.end() || !found->second.info.running) return not_there(spec.container);
    return on_exec ? on_exec(spec) : ExecOutput();
  });
}

io::Task<Result<void>> FakeEngine::put_files(std::string container, std::string folder,
                                             std::vector<ArchiveFile> files) {
  return operate<void>("put_files", container + " " + folder,
                       [this, container, folder, files]() -> Result<void> {
                         const auto found = containers.find(container);
                         if (found == containers.end()) return not_there(container);
                         for (const ArchiveFile& file : files)
                           found->second.files[folder + "/" + file.path] = file.content;
                         return {};
                       });
}

io::Task<Result<std::optional<std::string>>> FakeEngine::get_file(std::string container, std::string path) {
  return operate<std::optional<std::string>>("get_file", path, [this, container, path] {
    const auto found = containers.find(container);
    if (found == containers.end()) return std::optional<std::string>();
    const auto file = found->second.files.find(path);
    return file == found->second.files.end() ? std::nullopt : std::optional(file->second);
  });
}

io::Task<void> FakeEngine::watch(std::string, io::Event&) {
  co_await never_.wait();
}

}  // namespace farholm::driver::docker
