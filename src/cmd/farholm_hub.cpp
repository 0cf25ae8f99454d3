// farholm-hub: the management plane: API, pairing, planning, and the far end of every site's link.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cmd/stderr_log.h"
#include "hub/hub.h"
#include "io/posix/posix_world.h"
#include "io/scope.h"
#include "net/tls.h"

namespace farholm::cmd {
namespace {

constexpr auto kShutdownGrace = std::chrono::seconds(3);

int report_error(const Error& error) {
  fmt::print(stderr, "farholm-hub: {}\n", error.to_string());
  return exit_code(error.code);
}

int serve(hub::HubOptions options, io::posix::PosixWorld& posix, Logger log) {
  net::TlsChannels tls(posix.loop(), posix.clock());
  const auto world = posix.world(tls);
  const auto kubeconfig = options.authority.state.admin_kubeconfig();
  auto opened = posix.loop().run(hub::Hub::open(world, log, std::move(options)));
  if (!opened) return report_error(opened.error());
  auto& running = **opened;
  log.info("serving on {}; try: kubectl --kubeconfig {} get edgehosts -A", running.local().to_string(),
           kubeconfig);
  auto& asked = posix.signals().end_asked();
  io::Event over(posix.loop());
  const auto then_over = [](io::Task<void> task, io::Event& event) -> io::Task<void> {
    co_await std::move(task);
    event.set();
  };
  const auto until = [](io::Event& event) -> io::Task<void> { co_await event.wait(); };
  io::Scope scope(posix.loop());
  scope.spawn(then_over(running.run(), over));
  scope.spawn(then_over(until(asked), over));
  posix.loop().run(until(over));
  if (asked.is_set()) {
    log.info("asked to end: sites go on without me");
    posix.loop().run(running.shutdown(kShutdownGrace));
  }
  return asked.is_set() ? 0 : exit_code(ErrorCode::ServiceUnavailable);
}

}  // namespace
}  // namespace farholm::cmd

int main(int argc, char** argv) {
  using namespace farholm;
  CLI::App app(
      "The hub of a fleet of edge sites: hosts pair with it, operators tell it what sites should run with\n"
      "kubectl, and it hands every site a signed plan. Sites go on by themselves when it is away.\n\n"
      "  farholm-hub --state /var/lib/farholm-hub --listen 0.0.0.0:8443 --advertise hub.example.com\n"
      "  kubectl --kubeconfig /var/lib/farholm-hub/admin.kubeconfig get edgehosts,sites -A\n\n"
      "Without --root the hub makes its own root of trust and says so (RootOnline): good for trying. For a\n"
      "fleet, make the root apart with `farholm root init` and give --root, --plan-key and --pki-key.",
      "farholm-hub");
  hub::HubOptions options;
  std::string listen = "127.0.0.1:8443";
  bool verbose = false;
  auto& authority = options.authority;
  app.add_option("--state", authority.state.path, "Folder for everything that the hub keeps (0700)")
      ->required();
  app.add_option("--listen", listen, "ADDRESS:PORT for API, pairing, content and links")
      ->required()
      ->capture_default_str();
  app.add_option(
      "--advertise", options.advertise,
      "Name or address by which hosts and operators reach the hub; in its certificate (repeatable)");
  app.add_option("--root", authority.root,
                 "root.json, made with `farholm root init`; kept in the state folder");
  app.add_option("--plan-key", authority.plan_key, "Private key of the root's role plan (PEM)");
  app.add_option("--pki-key", authority.pki_key, "Private key of the root's role pki (PEM)");
  app.add_option("--ca", authority.ca,
                 "Certificates of an authority of your own, the issuing one first (PEM)");
  app.add_option("--ca-key", authority.ca_key, "Private key of the issuing authority (PEM)");
  app.add_option(
      "--publisher", authority.publisher,
      "Public key of who signs bundles (PEM), for a root that the hub makes itself; refused when the "
      "root that is there names another");
  app.add_option("--bundle", options.bundle_folders,
                 "Folder with a signed bundle, or with several, to import at start (repeatable)");
  app.add_flag("--verbose,-v", verbose, "Log more");
  app.set_version_flag("--version", std::string(hub::kVersion));
  CLI11_PARSE(app, argc, argv);

  const auto endpoint = io::parse_endpoint(listen);
  if (!endpoint) return cmd::report_error(endpoint.error());
  options.listen = *endpoint;
  io::posix::PosixWorld posix;
  cmd::StderrLog sink(posix.world().clock, verbose ? LogLevel::Debug : LogLevel::Info);
  return cmd::serve(std::move(options), posix, Logger(sink, "hub"));
}
