#include "sim/program.h"

#include "io/scope.h"

namespace farholm::sim {
namespace {
// As RestartSec= in the units that ship.
constexpr io::Duration kRestartPause = std::chrono::seconds(5);
}  // namespace

Program::Program(io::Loop& loop, io::sim::SimMachine& machine, std::function<io::Task<void>()> main)
    : loop_(loop), machine_(machine), main_(std::move(main)), over_(loop), power_back_(loop) {
  machine_.on_power_lost([this] { over_.set(); });
}

io::Task<void> Program::live() {
  while (true) {
    over_.clear();
    ++starts_;
    runs_ = true;
    co_await run_once();
    runs_ = false;
    if (machine_.files().powered()) {
      machine_.files().drop_open_files();
    } else {
      power_back_.clear();
      co_await io::first_of<bool, bool>(
          loop_,
          [](io::Loop& loop, io::Duration time) -> io::Task<bool> {
            co_await loop.sleep(time);
            co_return true;
          }(loop_, outage_),
          [](io::Event& back) -> io::Task<bool> {
            co_await back.wait();
            co_return true;
          }(power_back_));
      machine_.restart(survival_);
    }
    co_await loop_.sleep(kRestartPause);
  }
}

io::Task<void> Program::run_once() {
  io::Scope program(loop_);
  program.spawn([](std::function<io::Task<void>()>& main, io::Event& over) -> io::Task<void> {
    co_await main();
    over.set();
  }(main_, over_));
  co_await over_.wait();
}

void Program::kill() {
  over_.set();
}

void Program::cut_power(io::sim::Survival survival, io::Duration outage) {
  survival_ = survival;
  outage_ = outage;
  machine_.cut_power();
}

void Program::cut_power_at_write(std::uint64_t operations, io::sim::Survival survival, io::Duration outage) {
  survival_ = survival;
  outage_ = outage;
  machine_.files().cut_power_at(machine_.files().boundaries() + operations);
}

}  // namespace farholm::sim
