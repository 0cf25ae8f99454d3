#include "sim/trouble.h"

#include <array>

namespace farholm::sim {
namespace {

using namespace std::chrono_literals;

// The mean between two troubles.
constexpr io::Duration kSitePause = 16h;
constexpr io::Duration kHubPause = 40h;
constexpr std::uint64_t kDiskBytes = io::sim::kSimDiskBytesDefault;
constexpr std::array kLayers{"network", "till", "extra", "sign"};

io::sim::Link usual() {
  return {.latency = 15ms, .jitter = 10ms, .loss_once_in = 50};
}

}  // namespace

Trouble::Trouble(io::sim::SimWorld& world, Dice dice, HubMachine& hub, Ledger& ledger,
                 const std::vector<std::unique_ptr<Site>>& sites)
    : world_(world), dice_(dice), hub_(hub), ledger_(ledger), sites_(sites) {
  world_.fabric().set_default_link(usual());
}

io::sim::Survival Trouble::survival() {
  using io::sim::Survival;
  return dice_.one_of(
      std::array{Survival::Nothing, Survival::Everything, Survival::Each, Survival::TornLast});
}

io::Task<void> Trouble::live() {
  io::Scope scope(world_.loop());
  scope.spawn(trouble_hub());
  for (const auto& site : sites_) scope.spawn(trouble_site(*site));
  co_await scope.join();
}

// All but the clocks: nobody looks after those, and the hub tells the time.
void Trouble::mend() {
  for (const auto& site : sites_) {
    for (const auto& [from, to] : {std::pair(site->name(), std::string("hub")), {"hub", site->name()}})
      world_.fabric().set_link(from, to, usual());
    world_.fabric().heal(site->name(), "hub");
    site->machine().files().set_capacity(kDiskBytes);
    site->machine().files().cut_power_at(std::nullopt);
    site->workload().next_apply(Workload::Trouble::None);
    site->workload().next_look(Workload::Trouble::None);
    for (const auto* layer : kLayers) site->workload().fall_ill(layer, false);
    site->program().restore_power();
    site->disturb();
  }
  hub_.program().restore_power();
  hub_.machine().files().set_capacity(kDiskBytes);
  hub_.machine().files().cut_power_at(std::nullopt);
}

io::Task<void> Trouble::trouble_site(Site& site) {
  while (true) {
    co_await world_.loop().sleep(dice_.about(kSitePause));
    switch (dice_.below(4)) {
      case 0:
        co_await break_network(site);
        break;
      case 1:
        co_await break_machine(site);
        break;
      case 2:
        co_await break_disk(site);
        break;
      default:
        co_await break_workload(site);
    }
  }
}

io::Task<void> Trouble::break_network(Site& site) {
  auto& fabric = world_.fabric();
  switch (dice_.below(3)) {
    case 0:
      ledger_.injected(Fault::Partition, site.name());
      fabric.partition(site.name(), "hub");
      co_await world_.loop().sleep(dice_.once_in(4) ? dice_.between(6h, 72h) : dice_.between(10s, 1h));
      fabric.heal(site.name(), "hub");
      break;
    case 1: {
      ledger_.injected(Fault::SlowLink, site.name());
      const io::sim::Link slow{
          .latency = 700ms, .jitter = 900ms, .loss_once_in = 4, .bytes_per_second = 4000};
      fabric.set_link(site.name(), "hub", slow);
      fabric.set_link("hub", site.name(), slow);
      co_await world_.loop().sleep(dice_.between(5min, 5h));
      fabric.set_link(site.name(), "hub", usual());
      fabric.set_link("hub", site.name(), usual());
      break;
    }
    default:
      ledger_.injected(Fault::Reset, site.name());
      fabric.reset(site.name(), "hub");
  }
}

io::Task<void> Trouble::break_machine(Site& site) {
  const auto outage = dice_.once_in(5) ? dice_.between(1h, 48h) : dice_.between(10s, 20min);
  switch (dice_.below(4)) {
    case 0:
      ledger_.injected(Fault::PowerCut, site.name());
      site.program().cut_power(survival(), outage);
      break;
    case 1:
      ledger_.injected(Fault::PowerCutAtWrite, site.name());
      site.program().cut_power_at_write(dice_.below(40) + 1, survival(), outage);
      break;
    case 2:
      ledger_.injected(Fault::Kill, site.name());
      site.program().kill();
      break;
    default:
      ledger_.injected(Fault::ClockJump, site.name());
      jump_clock(site.machine().clock());
  }
  site.disturb(outage + 1min);
  co_return;
}

io::Task<void> Trouble::fill_disk(io::sim::SimMachine& machine) {
  auto& files = machine.files();
  files.set_capacity(files.used_bytes() + dice_.below(20'000));
  co_await world_.loop().sleep(dice_.between(1min, 8h));
  files.set_capacity(kDiskBytes);
}

io::Task<void> Trouble::break_disk(Site& site) {
  switch (dice_.below(3)) {
    case 0:
      ledger_.injected(Fault::DiskFull, site.name());
      site.disturb(8h);
      co_await fill_disk(site.machine());
      break;
    case 1:
      ledger_.injected(Fault::WriteError, site.name());
      site.disturb(1h);
      site.machine().files().fail_at(site.machine().files().boundaries() + dice_.below(30) + 1);
      break;
    default:
      rot(site);
  }
}

// By hours, as somebody sets it; or to where a dead battery leaves it, or to nonsense; and there it stays.
void Trouble::jump_clock(io::sim::SimClock& clock) {
  constexpr auto kYear = std::chrono::hours(24 * 365);
  switch (dice_.below(4)) {
    case 0:
      clock.set_skew(-dice_.between(50 * kYear, 56 * kYear));
      break;
    case 1:
      clock.set_skew(dice_.between(15 * kYear, 170 * kYear));
      break;
    default:
      clock.jump(dice_.between(-2h, 2h));
  }
}

// The file is read at the next start.
void Trouble::rot(Site& site) {
  const auto& state = site.state();
  const auto path =
      dice_.one_of(std::array{state.plan(), state.good_plan(), state.journal(), state.events()});
  auto& files = site.machine().files();
  const auto status = io::status_if_exists(files, path);
  if (!status || !*status || (*status)->size_bytes == 0) return;
  ledger_.injected(Fault::BitRot, site.name() + " " + path);
  files.flip_bits(path, dice_.below((*status)->size_bytes), static_cast<std::uint8_t>(1U << dice_.below(8)));
  site.spoil();
  site.disturb(5min);
  site.program().kill();
}

io::Task<void> Trouble::break_workload(Site& site) {
  using Of = Workload::Trouble;
  auto& workload = site.workload();
  const std::string layer = dice_.one_of(kLayers);
  const auto time = dice_.between(1min, 40min);
  switch (dice_.below(9)) {
    case 0:
      ledger_.injected(Fault::ApplyFails, site.name());
      workload.next_apply(Of::Fails);
      break;
    case 1:
      ledger_.injected(Fault::ApplyHangs, site.name());
      workload.next_apply(Of::Hangs, time);
      break;
    case 2:
      ledger_.injected(Fault::ApplyLies, site.name());
      workload.next_apply(Of::Lies);
      break;
    case 3:
      ledger_.injected(Fault::ApplyHalfDone, site.name());
      workload.next_apply(Of::HalfDone);
      break;
    case 4:
      ledger_.injected(Fault::LookFails, site.name());
      workload.next_look(Of::Fails);
      site.disturb();
      break;
    case 5:
      ledger_.injected(Fault::LookHangs, site.name());
      workload.next_look(Of::Hangs, time);
      site.disturb(time);
      break;
    case 6:
      if (workload.drift(layer)) ledger_.injected(Fault::Drift, site.name() + " " + layer);
      site.disturb();
      break;
    case 7:
      if (workload.lose(layer)) ledger_.injected(Fault::Loss, site.name() + " " + layer);
      site.disturb();
      break;
    default:
      if (!workload.fall_ill(layer, true)) co_return;
      ledger_.injected(Fault::Illness, site.name() + " " + layer);
      site.disturb(time);
      co_await world_.loop().sleep(time);
      workload.fall_ill(layer, false);
  }
}

io::Task<void> Trouble::trouble_hub() {
  while (true) {
    co_await world_.loop().sleep(dice_.about(kHubPause));
    auto& files = hub_.machine().files();
    const auto outage = dice_.once_in(4) ? dice_.between(1h, 24h) : dice_.between(10s, 10min);
    switch (dice_.below(5)) {
      case 0:
        ledger_.injected(Fault::HubPowerCut, "hub");
        hub_.program().cut_power(survival(), outage);
        break;
      case 1:
        ledger_.injected(Fault::HubPowerCutAtWrite, "hub");
        hub_.program().cut_power_at_write(dice_.below(200) + 1, survival(), outage);
        break;
      case 2:
        ledger_.injected(Fault::HubKill, "hub");
        hub_.program().kill();
        break;
      case 3:
        ledger_.injected(Fault::HubDiskFull, "hub");
        co_await fill_disk(hub_.machine());
        break;
      default:
        ledger_.injected(Fault::HubWriteError, "hub");
        files.fail_at(files.boundaries() + dice_.below(100) + 1);
    }
  }
}

}  // namespace farholm::sim
