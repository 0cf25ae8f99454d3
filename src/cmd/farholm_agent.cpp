// farholm-agent: keeps one edge host as its plan says. Subcommands: run, offer, retry, hold, release, status,
// events, support-bundle, identity, inventory, registry.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "agent/agent.h"
#include "agent/control_server.h"
#include "agent/event_journal.h"
#include "agent/hold.h"
#include "agent/identity.h"
#include "agent/inventory/inventory.h"
#include "agent/machine_id.h"
#include "agent/registry_server.h"
#include "agent/report.h"
#include "agent/support/support_bundle.h"
#include "agent/uplink/uplink.h"
#include "base/encoding.h"
#include "cmd/stderr_log.h"
#include "driver/docker/docker_client.h"
#include "io/posix/posix_world.h"
#include "io/scope.h"
#include "net/tls.h"

namespace farholm::cmd {
namespace {

constexpr std::uint64_t kPlanFileBytesMax = 4 << 20;
constexpr std::int64_t kHoldSecondsMax = 366LL * 24 * 3600;

struct Arguments {
  agent::AgentOptions agent;
  std::string plan_path;
  std::string hub;
  std::string token;
  std::string token_path;
  std::string name = "edge-1";
  bool until_settled = false;
  bool json = false;
  bool verbose = false;
  std::vector<std::string> listen;
  std::string reason;
  std::string output;
  std::size_t events_last = 50;
  std::int64_t hold_seconds = 0;  // 0: until `release`
};

int report_error(const Error& error) {
  fmt::print(stderr, "farholm-agent: {}\n", error.to_string());
  return exit_code(error.code);
}

// Offers the plan file, and what replaces it, to the agent.
io::Task<Result<void>> offer_file(io::World world, agent::Agent& running, std::string path) {
  FARHOLM_CO_TRY(const auto envelope, io::read_file(world.files, path, kPlanFileBytesMax));
  FARHOLM_CO_TRY(const auto acceptance, running.offer_plan(envelope));
  if (acceptance.verdict.refused()) {
    co_return fail(ErrorCode::Forbidden,
                   fmt::format("the plan {} is refused ({}): {}", path,
                               trust::to_string(acceptance.verdict.kind), acceptance.verdict.message));
  }
  co_return Result<void>{};
}

io::Task<void> end_when_settled(agent::Agent& running, io::Event& end) {
  while (!running.settled()) co_await running.report_changed().wait();
  end.set();
}

// What the uplink is told; without --hub the host dials the hub that it has paired with, if it has.
agent::UplinkOptions uplink_options(const Arguments& arguments, io::World world) {
  return {.state = arguments.agent.state,
          .hub = arguments.hub,
          .token = arguments.token,
          .machine_id = arguments.agent.machine_id,
          .sysroot = arguments.agent.sysroot,
          .time = nullptr,
          .inventory = [world, sysroot = arguments.agent.sysroot]() -> json::Value {
            auto inventory = agent::read_inventory(world.files, sysroot);
            return inventory ? std::move(*inventory) : json::Value::object();
          }};
}

int run(const Arguments& arguments, io::posix::PosixWorld& posix, Logger log) {
  agent::TimeKeeper time(posix.loop(), posix.world().files, posix.clock(), arguments.agent.state.time(),
                         log.named("time"));
  net::TlsChannels tls(posix.loop(), time.clock());
  const auto world = io::with_clock(posix.world(tls), time.clock());
  auto with_hub = uplink_options(arguments, world);
  with_hub.time = &time;
  const auto paired = io::status_if_exists(world.files, arguments.agent.state.hub());
  const bool has_hub = !arguments.hub.empty() || (paired && *paired);
  if (!arguments.hub.empty()) {
    const auto root = posix.loop().run(
        agent::obtain_root(world, log, with_hub, /*root_given=*/!arguments.agent.root_path.empty()));
    if (!root) return report_error(root.error());
  }
  auto options = arguments.agent;
  options.time = &time;
  auto opened = agent::Agent::open(world, log, std::move(options));
  if (!opened) return report_error(opened.error());
  auto& running = **opened;
  if (!arguments.plan_path.empty()) {
    const auto offered = posix.loop().run(offer_file(world, running, arguments.plan_path));
    if (!offered) return report_error(offered.error());
  }
  std::unique_ptr<agent::Uplink> uplink;
  if (has_hub)
    uplink = std::make_unique<agent::Uplink>(world, log.named("uplink"), running, std::move(with_hub));
  if (uplink) running.set_hub([&uplink] { return uplink->connected(); });
  io::Event settled(posix.loop());
  {
    io::Scope scope(posix.loop());
    if (uplink) scope.spawn(uplink->run());
    scope.spawn(running.run());
    if (arguments.until_settled) scope.spawn(end_when_settled(running, settled));
    posix.loop().run(io::first_of<bool, bool>(
        posix.loop(),
        [](io::Event& asked) -> io::Task<bool> {
          co_await asked.wait();
          co_return true;
        }(posix.signals().end_asked()),
        [](io::Event& event) -> io::Task<bool> {
          co_await event.wait();
          co_return true;
        }(settled)));
    if (settled.is_set()) {
      log.info("everything is in place and healthy");
    } else {
      log.info("asked to end: the site goes on without me");
    }
  }
  return 0;
}

int registry(const Arguments& arguments, io::posix::PosixWorld& posix, Logger log) {
  const auto world = posix.world();
  const auto& state = arguments.agent.state;
  agent::RegistryServer server(world, log, state);
  auto inherited = posix.network().adopt_inherited();
  if (!inherited) return report_error(inherited.error());
  auto listeners = std::move(*inherited);
  if (listeners.empty() && arguments.listen.empty()) {
    return report_error(
        {.code = ErrorCode::BadRequest,
         .message = "give --listen ADDRESS:PORT, or start me by a socket unit (deploy/systemd)",
         .trail = {},
         .causes = {}});
  }
  for (const auto& address : arguments.listen) {
    const auto endpoint = io::parse_endpoint(address);
    if (!endpoint) return report_error(endpoint.error());
    // The bridge's address comes with the first container.
    auto listener = world.network.listen(*endpoint, {.free_bind = true});
    if (!listener) return report_error(listener.error());
    log.info("serving images on {}", (*listener)->local().to_string());
    listeners.push_back(std::move(*listener));
  }
  io::Scope scope(posix.loop());
  for (auto& listener : listeners) scope.spawn(server.serve(*listener));
  posix.loop().run(
      [](io::Event& asked) -> io::Task<void> { co_await asked.wait(); }(posix.signals().end_asked()));
  return 0;
}

int inventory(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto found = agent::read_inventory(posix.world().files, arguments.agent.sysroot);
  if (!found) return report_error(found.error());
  fmt::print("{}", arguments.json ? json::to_pretty_text(*found) + "\n" : agent::inventory_as_text(*found));
  return 0;
}

int status(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto report = posix.loop().run(agent::ask_report(posix.world(), arguments.agent.state.socket()));
  if (!report) return report_error(report.error());
  fmt::print("{}", arguments.json ? json::to_pretty_text(*report) + "\n" : agent::report_as_text(*report));
  return 0;
}

// From the file: also where no agent runs.
int events(const Arguments& arguments, io::posix::PosixWorld& posix, Logger log) {
  const auto& state = arguments.agent.state;
  agent::EventJournal journal(posix.world(), state.events(), std::move(log));
  journal.load();
  auto all = journal.events();
  if (arguments.events_last > 0 && all.size() > arguments.events_last)
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(arguments.events_last));
  if (arguments.json) {
    json::Value list = json::Value::array();
    for (const auto& event : all) list.push_back(link::to_json(event));
    fmt::print("{}\n", json::to_pretty_text(list));
  } else {
    fmt::print("{}", agent::events_as_text(all));
    if (all.empty()) fmt::print(stderr, "nothing has happened yet that {} tells of\n", state.path);
  }
  return 0;
}

// Works with the agent, the hub or Docker Engine gone: what cannot be had says why.
int support_bundle(const Arguments& arguments, io::posix::PosixWorld& posix, Logger log) {
  const auto world = posix.world();
  const auto endpoint = io::parse_endpoint(arguments.agent.docker_endpoint);
  if (!endpoint) return report_error(endpoint.error());
  driver::docker::DockerClient engine(world.loop, world.network, *endpoint);
  const auto bundle = world.loop.run(agent::make_support_bundle(
      world, std::move(log),
      {.state = arguments.agent.state, .sysroot = arguments.agent.sysroot, .engine = &engine}));
  if (!bundle) return report_error(bundle.error());
  const auto path = arguments.output.empty()
                        ? fmt::format("farholm-support-{}.tar", io::to_rfc3339(world.clock.now()))
                        : arguments.output;
  const auto written = io::write_file_atomically(world.files, path, *bundle, 0600);
  if (!written) return report_error(written.error());
  fmt::print("{}: {} KiB; read its README.txt before you give it away\n", path, bundle->size() >> 10U);
  return 0;
}

// This host as `farholm plan --hosts` wants it; makes the host's keys if there are none yet.
int identity(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto world = posix.world();
  const auto& state = arguments.agent.state;
  if (auto made = world.files.make_directories(state.path, 0700); !made) return report_error(made.error());
  const auto keys = agent::open_identity(world.files, world.entropy, state.identity());
  if (!keys) return report_error(keys.error());
  auto machine = arguments.agent.machine_id.empty() ? agent::machine_id(world.files, arguments.agent.sysroot)
                                                    : Result<std::string>(arguments.agent.machine_id);
  if (!machine) return report_error(machine.error());
  const json::Value host{{"name", arguments.name},
                         {"machineID", *machine},
                         {"uid", keys->key.public_key().digest().hex()},
                         {"sealingKey", to_base64(keys->sealing.public_key())}};
  fmt::print("{}", json::to_yaml(json::Value::array({host})));
  return 0;
}

int offer(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto world = posix.world();
  auto envelope = io::read_file(world.files, arguments.plan_path, kPlanFileBytesMax);
  if (!envelope) return report_error(envelope.error());
  const auto outcome =
      posix.loop().run(agent::offer_to_agent(world, arguments.agent.state.socket(), std::move(*envelope)));
  if (!outcome) return report_error(outcome.error());
  fmt::print("{}", *outcome);
  return 0;
}

int retry(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto outcome = posix.loop().run(agent::retry_at_agent(posix.world(), arguments.agent.state.socket()));
  if (!outcome) return report_error(outcome.error());
  fmt::print("{}", *outcome);
  return 0;
}

// The agent, if one runs, is told; one that starts later sees the file.
int hold(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto world = posix.world();
  agent::Hold hold{.until = {}, .reason = arguments.reason};
  if (arguments.hold_seconds > 0)
    hold.until = world.clock.now() + std::chrono::seconds(arguments.hold_seconds);
  const auto written = agent::write_hold(world.files, arguments.agent.state.hold(), hold);
  if (!written) return report_error(written.error());
  const auto told = posix.loop().run(agent::have_agent_look(world, arguments.agent.state.socket()));
  fmt::print("this site holds changes {}; what is lost is still brought back{}\n",
             hold.until ? "until " + io::to_rfc3339(*hold.until) : "until `farholm-agent release`",
             told ? "" : ". No agent runs here now: it will heed this when it starts");
  return 0;
}

int release(const Arguments& arguments, io::posix::PosixWorld& posix) {
  const auto world = posix.world();
  const bool held =
      agent::read_hold(world.files, arguments.agent.state.hold(), world.clock.now()).has_value();
  const auto removed = agent::remove_hold(world.files, arguments.agent.state.hold());
  if (!removed) return report_error(removed.error());
  (void)posix.loop().run(agent::have_agent_look(world, arguments.agent.state.socket()));
  fmt::print("{}\n", held ? "this site no longer holds changes" : "there was no hold");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"farholm-agent keeps one edge host as its plan says, connected or not."};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(agent::kVersion));
  app.footer(
      "Without a hub:\n  farholm-agent run --root root.json --plan plan.signed --content DIR\n"
      "With one:\n  farholm-agent run --hub hub.example.com:8443 --token-file token\n"
      "What is this box doing?\n  farholm-agent status");
  app.add_flag("-v,--verbose", arguments.verbose, "also log what is only of use to developers");

  auto& state = arguments.agent.state.path;
  auto* run_command =
      app.add_subcommand("run", "keep this host as its plan says, until asked to end (SIGTERM)");
  run_command->add_option("--state", state, "the folder for everything that must survive a reboot")
      ->capture_default_str();
  run_command->add_option("--root", arguments.agent.root_path,
                          "root.json: whom to trust; kept in the state folder");
  run_command->add_option("--plan", arguments.plan_path,
                          "a signed plan to accept, as `farholm plan` writes it");
  run_command->add_option("--hub", arguments.hub,
                          "ADDRESS:PORT of the hub to pair with; remembered once paired");
  run_command->add_option("--token", arguments.token,
                          "registration token; without one an operator has to approve the host");
  run_command->add_option("--token-file", arguments.token_path,
                          "the token in a file, which others cannot see in the process list");
  run_command->add_option("--content", arguments.agent.content_folders,
                          "a folder with blobs or bundles; may be repeated");
  run_command->add_option("--machine-id", arguments.agent.machine_id, "instead of the machine's own ID");
  run_command->add_option("--sysroot", arguments.agent.sysroot,
                          "read /sys, /proc and /etc below this folder");
  run_command->add_option("--docker", arguments.agent.docker_endpoint, "where Docker Engine listens")
      ->capture_default_str();
  run_command->add_option("--nameservers", arguments.agent.nameservers,
                          "DNS servers for nodes, separated by blanks");
  run_command->add_option("--kubeconfig", arguments.agent.kubeconfig_path,
                          "write the site's kubeconfig here (mode 0600)");
  run_command->add_flag(
      "--simulated", arguments.agent.simulated,
      "bring nothing up: remember what would be there, and say so everywhere; needs a state "
      "folder of its own, and neither Docker nor root");
  run_command->add_flag("--until-settled", arguments.until_settled,
                        "end when everything is in place and healthy");

  auto* registry_command =
      app.add_subcommand("registry", "serve the site's images (started by `run`, or by a socket unit)");
  registry_command->add_option("--state", state, "the agent's state folder")->capture_default_str();
  registry_command->add_option("--listen", arguments.listen,
                               "ADDRESS:PORT; may be repeated; not needed under a socket unit");

  auto* status_command =
      app.add_subcommand("status", "say what this box is, should run, does, and what is wrong");
  status_command->add_option("--state", state, "the agent's state folder")->capture_default_str();
  status_command->add_flag("--json", arguments.json, "as JSON");

  auto* events_command = app.add_subcommand("events", "say what happened on this box, newest last");
  events_command->add_option("--state", state, "the agent's state folder")->capture_default_str();
  events_command->add_option("--last", arguments.events_last, "only so many; 0: all that are kept")
      ->capture_default_str();
  events_command->add_flag("--json", arguments.json, "as JSON");

  auto* support_command = app.add_subcommand(
      "support-bundle", "gather what somebody far away needs to understand this box, without its keys");
  support_command->add_option("--state", state, "the agent's state folder")->capture_default_str();
  support_command->add_option("-o,--output", arguments.output,
                              "the tar file to write; else farholm-support-<time>.tar in this folder");
  support_command->add_option("--docker", arguments.agent.docker_endpoint, "where Docker Engine listens")
      ->capture_default_str();
  support_command->add_option("--sysroot", arguments.agent.sysroot,
                              "read /sys, /proc and /etc below this folder");

  auto* retry_command = app.add_subcommand(
      "retry", "try the plan again that was given up because it did not become healthy in its time");
  retry_command->add_option("--state", state, "the agent's state folder")->capture_default_str();

  auto* hold_command = app.add_subcommand(
      "hold", "hold changes that may interrupt somebody, also an update that is under way, until `release`");
  hold_command->add_option("--state", state, "the agent's state folder")->capture_default_str();
  hold_command->add_option("--reason", arguments.reason, "one line, which the hub's operators see too");
  hold_command->add_option("--for", arguments.hold_seconds, "end by itself after so long: 30m, 4h, 2d")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
          CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"))
      ->check(CLI::Range(std::int64_t{1}, kHoldSecondsMax));

  auto* release_command = app.add_subcommand("release", "end a hold");
  release_command->add_option("--state", state, "the agent's state folder")->capture_default_str();

  auto* offer_command = app.add_subcommand("offer", "offer a signed plan to the agent that runs here");
  offer_command->add_option("PLAN", arguments.plan_path, "a signed plan, as `farholm plan` writes it")
      ->required();
  offer_command->add_option("--state", state, "the agent's state folder")->capture_default_str();

  auto* inventory_command = app.add_subcommand("inventory", "print what this machine is made of");
  inventory_command->add_option("--sysroot", arguments.agent.sysroot,
                                "read /sys, /proc and /etc below this folder");
  inventory_command->add_flag("--json", arguments.json, "as JSON");

  auto* identity_command =
      app.add_subcommand("identity", "print this host as `farholm plan --hosts` wants it");
  identity_command->add_option("--state", state, "the agent's state folder")->capture_default_str();
  identity_command->add_option("--name", arguments.name, "the host's name in plans")->capture_default_str();
  identity_command->add_option("--machine-id", arguments.agent.machine_id, "instead of the machine's own ID");
  identity_command->add_option("--sysroot", arguments.agent.sysroot,
                               "read /sys, /proc and /etc below this folder");

  CLI11_PARSE(app, argc, argv);
  io::posix::PosixWorld posix;
  StderrLog sink(posix.world().clock, arguments.verbose ? LogLevel::Debug : LogLevel::Info);
  const Logger log(sink, "agent");
  if (*status_command) return status(arguments, posix);
  if (*events_command) return events(arguments, posix, log.named("events"));
  if (*support_command) return support_bundle(arguments, posix, log.named("support"));
  if (*identity_command) return identity(arguments, posix);
  if (*inventory_command) return inventory(arguments, posix);
  if (*offer_command) return offer(arguments, posix);
  if (*retry_command) return retry(arguments, posix);
  if (*hold_command) return hold(arguments, posix);
  if (*release_command) return release(arguments, posix);
  if (*registry_command) return registry(arguments, posix, log.named("registry"));
  if (!arguments.token_path.empty()) {
    auto token = io::read_file(posix.world().files, arguments.token_path, 4096);
    if (!token) return report_error(token.error());
    arguments.token = token->substr(0, token->find_last_not_of(" \t\r\n") + 1);
  }
  const auto self = posix.world().files.read_link("/proc/self/exe");
  if (self) arguments.agent.registry_command = {*self, "registry"};
  return run(arguments, posix, log);
}

}  // namespace farholm::cmd

int main(int argc, char** argv) {
  return farholm::cmd::main(argc, argv);
}
