// farholm: what kubectl cannot do. Subcommands: root init, bundle create|verify, plan, diff.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/bundle.h"
#include "cli/diff.h"
#include "cli/plan.h"
#include "cli/root_init.h"
#include "io/posix/posix_world.h"
#include "net/tls.h"

namespace farholm::cmd {
namespace {

int finish(const Result<std::string>& outcome) {
  if (outcome) {
    fmt::print("{}", *outcome);
    return 0;
  }
  fmt::print(stderr, "farholm: {}\n", outcome.error().to_string());
  return exit_code(outcome.error().code);
}

// As diff(1) and `kubectl diff`: 0 nothing differs, 1 something does, more is an error.
int finish_diff(const Result<cli::Difference>& outcome) {
  if (!outcome) {
    fmt::print(stderr, "farholm: {}\n", outcome.error().to_string());
    return exit_code(outcome.error().code);
  }
  fmt::print(stderr, "{}", outcome->notes);
  fmt::print("{}", outcome->text);
  return outcome->differs ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"farholm: for what kubectl cannot do. Everything else is `kubectl` against the hub."};
  app.require_subcommand(1);
  app.set_version_flag("--version", "0.1.0");
  app.footer(
      "A site without a hub:\n"
      "  farholm root init --output keys\n"
      "  farholm bundle create --name flannel --images DIR --manifests network/ --key keys/publisher.key\n"
      "  farholm plan --profile profile.yaml --site site.yaml --hosts hosts.yaml --key keys/plan.key \\\n"
      "      --root keys/root.json --bundle DIR --content DIR --output plan.signed\n"
      "  farholm-agent run --root keys/root.json --plan plan.signed --content DIR");

  cli::RootInitOptions root_options;
  auto* root = app.add_subcommand("root", "the anchor of trust");
  root->require_subcommand(1);
  auto* root_init = root->add_subcommand("init", "make root.json and the keys of its roles");
  root_init->add_option("--output", root_options.folder, "a folder; made with mode 0700")->required();
  root_init->add_option("--years", root_options.years, "until root.json expires")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();

  cli::BundleCreateOptions create_options;
  cli::BundleVerifyOptions verify_options;
  auto* bundle = app.add_subcommand("bundle", "images and manifests, signed by the publisher");
  bundle->require_subcommand(1);
  auto* create =
      bundle->add_subcommand("create", "sign an OCI layout, with Kubernetes objects beside its images");
  create->add_option("--images", create_options.folder, "the OCI layout; the bundle is made in place")
      ->required();
  create->add_option("--name", create_options.name, "of the bundle")->required();
  create->add_option("--manifests", create_options.manifests,
                     "YAML files or folders of them; may be repeated");
  create->add_option("--key", create_options.publisher_key, "the publisher's private key")->required();
  auto* verify = bundle->add_subcommand("verify", "say whether the publisher signed it, and what it holds");
  verify->add_option("--bundle", verify_options.folder, "the bundle's folder")->required();
  verify->add_option("--root", verify_options.root, "root.json")->required();

  cli::PlanOptions plan_options;
  auto* plan = app.add_subcommand("plan", "make a signed plan from files, without a hub");
  plan->add_option("--profile", plan_options.profile, "a ClusterProfile (YAML)")->required();
  plan->add_option("--site", plan_options.site, "a Site (YAML)")->required();
  plan->add_option("--maintenance-policy", plan_options.maintenance_policy,
                   "the MaintenancePolicy (YAML) that the Site names");
  plan->add_option("--hosts", plan_options.hosts, "its hosts (YAML: a list of {name, machineID, sealingKey})")
      ->required();
  plan->add_option("--key", plan_options.key, "the plan role's private key")->required();
  plan->add_option("--root", plan_options.root, "root.json")->required();
  plan->add_option("--bundle", plan_options.bundles, "a folder with bundles; may be repeated");
  plan->add_option("--secret", plan_options.secrets,
                   "NAME/KEY=FILE: the value behind a secretRef; may be repeated");
  plan->add_option("--previous", plan_options.previous,
                   "the plan before; the new one gets the next generation");
  plan->add_option("--content", plan_options.content, "a folder for the plan's blobs")->required();
  plan->add_option("--output", plan_options.output, "the signed plan")->required();

  cli::DiffOptions diff_options;
  cli::HubDiffOptions hub_diff_options;
  auto* diff = app.add_subcommand(
      "diff",
      "what applying files to a hub would change at its sites, layer by layer, and with which effect;\n"
      "or the same between two signed plans. Ends with 0: no layer changes, 1: some do, more: an error");
  auto* files = diff->add_option(
      "-f,--filename", hub_diff_options.files,
      "ClusterProfiles and Sites as for `kubectl apply`; may be repeated. Nothing is stored");
  diff->add_option("--kubeconfig", hub_diff_options.kubeconfig, "of the hub")->envname("KUBECONFIG");
  diff->add_option("--context", hub_diff_options.context, "of the kubeconfig, instead of its current one");
  diff->add_option("-n,--namespace", hub_diff_options.name_space,
                   "of what names none; else the context's, else default");
  diff->add_option("--site", hub_diff_options.sites, "only this Site; may be repeated");
  std::string output;
  diff->add_option("-o,--output", output, "the hub's whole answer, instead of a table")
      ->check(CLI::IsMember({"json", "yaml"}));
  auto* after = diff->add_option("--after", diff_options.after, "the signed plan to compare");
  diff->add_option("--before", diff_options.before,
                   "the signed plan that is in place; without it, nothing is")
      ->needs(after);
  auto* content =
      diff->add_option("--content", diff_options.content, "a folder with the plans' blobs; may be repeated")
          ->needs(after);
  after->needs(content)->excludes(files);

  CLI11_PARSE(app, argc, argv);
  io::posix::PosixWorld posix;
  net::TlsChannels tls(posix.loop(), posix.clock());
  const auto world = posix.world(tls);
  if (*root_init) return finish(cli::root_init(world, root_options));
  if (*create) return finish(cli::bundle_create(world, create_options));
  if (*verify) return finish(cli::bundle_verify(world, verify_options));
  if (*plan) return finish(cli::make_plan(world, plan_options));
  if (*after) return finish_diff(cli::diff_plans(world, diff_options));
  if (!*files)
    return finish_diff(
        fail(ErrorCode::BadRequest,
             "diff needs -f FILE and the hub's --kubeconfig, or --after PLAN and --content DIR"));
  if (output == "json") hub_diff_options.output = cli::DiffOutput::Json;
  if (output == "yaml") hub_diff_options.output = cli::DiffOutput::Yaml;
  return finish_diff(posix.loop().run(cli::diff_with_hub(world, hub_diff_options)));
}

}  // namespace farholm::cmd

int main(int argc, char** argv) {
  return farholm::cmd::main(argc, argv);
}
