#include "agent/support/support_bundle.h"

#include <fmt/format.h>

#include "agent/agent.h"
#include "agent/control_server.h"
#include "agent/event_journal.h"
#include "agent/inventory/inventory.h"
#include "agent/report.h"
#include "crypto/checked_file.h"
#include "driver/docker/archive.h"
#include "io/scope.h"
#include "trust/envelope.h"

namespace farholm::agent {
namespace {

using driver::docker::ArchiveFile;
using driver::docker::ContainerInfo;
using driver::docker::Engine;

constexpr std::uint64_t kReadBytesMax = 16 << 20;
constexpr auto kQuestionTimeout = std::chrono::seconds(10);
constexpr int kLogLines = 400;
constexpr std::size_t kListedFilesMax = 2000;
constexpr const char* kSiteLabel = "farholm.dev/site";
constexpr const char* kRoleLabel = "farholm.dev/role";

// What is asked of a node, and the file that gets the answer.
struct Question {
  const char* file;
  std::vector<std::string> command;
};
const std::vector<Question>& questions_of_a_node() {
  static const std::vector<Question> kQuestions{
      {"journal.txt", {"journalctl", "--no-pager", "-n", std::to_string(kLogLines)}},
      {"containers.txt", {"crictl", "ps", "-a"}},
      // Only a control-plane node can say; the others tell that they cannot.
      {"cluster.txt",
       {"kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=5s", "get",
        "nodes,deployments,statefulsets,daemonsets,pods,persistentvolumeclaims,events", "-A", "-o", "wide"}}};
  return kQuestions;
}

class Gathering {
 public:
  Gathering(const io::World& world, Logger log, SupportSources sources)
      : world_(world), log_(std::move(log)), sources_(std::move(sources)) {}

  io::Task<std::vector<ArchiveFile>> gather() {
    learn_secrets();
    log_.info("reading the agent's state folder {}", sources_.state.path);
    add_files();
    log_.info("asking the agent");
    co_await add_status();
    if (sources_.engine != nullptr) {
      log_.info("asking Docker Engine, and the nodes");
      co_await add_engine(*sources_.engine);
    }
    add("README.txt", about());
    co_return std::move(files_);
  }

 private:
  // The end of it, without secrets; or why there is none.
  void add(const std::string& name, const Result<std::string>& content) {
    if (!content) {
      put(name + ".missing", content.error().to_string() + "\n");
      return;
    }
    put(name, *content);
  }
  void put(const std::string& name, std::string text) {
    // More than is kept, so that nothing secret is cut in two before it was recognised.
    const bool is_long = text.size() > kSupportFileBytesMax;
    if (text.size() > 2 * kSupportFileBytesMax) text.erase(0, text.size() - 2 * kSupportFileBytesMax);
    text = redactor_.redact(std::move(text));
    if (text.size() > kSupportFileBytesMax) text.erase(0, text.size() - kSupportFileBytesMax);
    if (is_long) text.insert(0, "[the beginning is left out]\n");
    files_.push_back({.path = "farholm-support/" + name, .content = std::move(text)});
  }

  Result<std::string> read(const std::string& path) {
    return io::read_file(world_.files, path, kReadBytesMax);
  }

  // Both files are ours alone, and neither goes into the bundle.
  void learn_secrets() {
    for (const auto& path : {sources_.state.identity(), sources_.state.cluster()}) {
      const auto text = crypto::read_checked_file(world_.files, path, kReadBytesMax);
      if (!text || !*text) continue;
      if (const auto document = json::parse(**text)) redactor_.learn(*document);
    }
  }

  void add_files() {
    const auto& state = sources_.state;
    add("plan.json", payload_of(state.plan()));
    add("plan.good.json", payload_of(state.good_plan()));
    add("journal.json", read(state.journal()));
    add("hub.json", read(state.hub()));
    add("time.json", read(state.time()));
    add("hold", read(state.hold()));
    add("registry.log", read(state.registry_log()));
    EventJournal events(world_, state.events(), log_);
    events.load();
    put("events.txt", events_as_text(events.events()));
    put("state-folder.txt", list_state());
    const auto inventory = read_inventory(world_.files, sources_.sysroot);
    add("inventory.txt",
        inventory ? Result<std::string>(inventory_as_text(*inventory)) : std::unexpected(inventory.error()));
    for (const auto* name : {"meminfo", "loadavg", "uptime", "mounts"})
      add(fmt::format("host/{}", name), read(sources_.sysroot + "/proc/" + name));
  }

  Result<std::string> payload_of(const std::string& path) {
    FARHOLM_TRY(const auto text, crypto::read_checked_file(world_.files, path, kReadBytesMax));
    if (!text) return fail(ErrorCode::NotFound, "there is no " + path);
    FARHOLM_TRY(const auto envelope, trust::parse_envelope(*text));
    FARHOLM_TRY(const auto payload, json::parse(envelope.payload));
    return json::to_pretty_text(payload) + "\n";
  }

  std::string list_state() {
    std::string text;
    if (const auto space = world_.files.space(sources_.state.path))
      text += fmt::format("disk: {} of {} MiB are free\n", space->available_bytes >> 20U,
                          space->total_bytes >> 20U);
    std::size_t count = 0;
    list(sources_.state.path, text, count);
    return text;
  }
  // Persistent volumes belong to the applications.
  void list(const std::string& folder, std::string& text, std::size_t& count) {
    const auto entries = world_.files.list(folder);
    if (!entries) {
      text += folder + ": " + entries.error().to_string() + "\n";
      return;
    }
    for (const auto& entry : *entries) {
      if (++count > kListedFilesMax) return;
      const auto path = io::join_path(folder, entry.name);
      const auto status = world_.files.status(path);
      if (!status) continue;
      text += fmt::format("{:04o} {:>12} {} {}\n", status->permissions, status->size_bytes,
                          io::to_rfc3339(status->modified), path);
      if (entry.type == io::FileStatus::Type::Directory && path != sources_.state.volumes())
        list(path, text, count);
    }
  }

  io::Task<void> add_status() {
    const auto report =
        co_await io::with_deadline<json::Value>(world_.loop, kQuestionTimeout, "the agent does not answer",
                                                ask_report(world_, sources_.state.socket()));
    if (!report) {
      put("status.txt.missing", report.error().to_string() + "\n");
      co_return;
    }
    put("status.txt", report_as_text(*report));
    put("status.json", json::to_pretty_text(*report) + "\n");
  }

  io::Task<void> add_engine(Engine& engine) {
    const auto info = co_await io::with_deadline<driver::docker::EngineInfo>(
        world_.loop, kQuestionTimeout, "Docker Engine does not answer", engine.info());
    if (!info) {
      put("engine.txt.missing", info.error().to_string() + "\n");
      co_return;
    }
    put("engine.txt", fmt::format("version {}, API {}, storage {}, cgroup v{}, live restore {}, kernel {}\n",
                                  info->version, info->api_version, info->storage_driver,
                                  info->cgroup_version, info->live_restore, info->kernel));
    const auto containers = co_await io::with_deadline<std::vector<ContainerInfo>>(
        world_.loop, kQuestionTimeout, "Docker Engine does not list its containers",
        engine.list_containers(kSiteLabel));
    if (!containers) {
      put("containers.txt.missing", containers.error().to_string() + "\n");
      co_return;
    }
    std::string listed;
    for (const auto& one : *containers)
      listed += fmt::format("{:<40} {:<10} started {} exit {} restarts {} {} {}\n", one.name, one.status,
                            one.started_at, one.exit_code, one.restart_count, one.address, one.error);
    put("containers.txt", listed);
    io::Scope scope(world_.loop);
    for (std::size_t i = 0; i < std::min(containers->size(), kSupportContainersMax); ++i)
      scope.spawn(add_container(engine, (*containers)[i]));
    co_await scope.join();
  }

  io::Task<void> add_container(Engine& engine, ContainerInfo container) {
    const auto folder = "containers/" + container.name + "/";
    const auto role = container.labels.find(kRoleLabel);
    if (role == container.labels.end() || role->second != "node") {
      add(folder + "log.txt", co_await io::with_deadline<std::string>(
                                  world_.loop, kQuestionTimeout, "Docker Engine does not give its log",
                                  engine.logs(container.name, kLogLines)));
      co_return;
    }
    if (!container.running) co_return;
    for (const auto& question : questions_of_a_node()) {
      const auto answer = co_await io::with_deadline<driver::docker::ExecOutput>(
          world_.loop, kQuestionTimeout, "the node does not answer",
          engine.exec({.container = container.name,
                       .command = question.command,
                       .input = {},
                       .environment = {},
                       .output_bytes_max = 2 * kSupportFileBytesMax}));
      add(folder + question.file,
          answer ? Result<std::string>(answer->out + answer->err) : std::unexpected(answer.error()));
    }
  }

  std::string about() const {
    return fmt::format(
        "What farholm-agent {} found on this host at {}, for whoever has to understand it.\n\n"
        "status.txt is what the agent says of itself, events.txt what happened, plan.json what should run.\n"
        "A file that ends in .missing says why there is nothing. Keys of the host and of its cluster were\n"
        "taken out; what programs have logged was not read by a person: look through it before you give it\n"
        "away.\n",
        kVersion, io::to_rfc3339(world_.clock.now()));
  }

  io::World world_;
  Logger log_;
  SupportSources sources_;
  Redactor redactor_;
  std::vector<ArchiveFile> files_;
};

}  // namespace

io::Task<std::vector<ArchiveFile>> gather_support_files(io::World world, Logger log, SupportSources sources) {
  Gathering gathering(world, std::move(log), std::move(sources));
  co_return co_await gathering.gather();
}

io::Task<Result<std::string>> make_support_bundle(io::World world, Logger log, SupportSources sources) {
  co_return driver::docker::make_archive(
      co_await gather_support_files(world, std::move(log), std::move(sources)));
}

}  // namespace farholm::agent
