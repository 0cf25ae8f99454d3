// A disk in memory with a person's files on it, for this module's tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "io/sim/sim_world.h"

namespace farholm::cli::test {

class Desk {
 public:
  void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(files().make_directories(io::parent_path(path)));
    ASSERT_TRUE(io::write_file_atomically(files(), path, text));
  }
  std::string read(const std::string& path) {
    return io::read_file(files(), path, 8 << 20).value_or("absent");
  }
  bool exists(const std::string& path) { return io::status_if_exists(files(), path).value().has_value(); }
  io::World world() { return machine_.world(); }
  io::sim::SimFiles& files() { return machine_.files(); }

 private:
  io::sim::SimWorld world_{11};
  io::sim::SimMachine& machine_ = world_.add_machine("desk");
};

}  // namespace farholm::cli::test
