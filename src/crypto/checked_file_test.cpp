#include "crypto/checked_file.h"

#include <gtest/gtest.h>

#include "io/sim/sim_world.h"

namespace farholm::crypto {
namespace {

constexpr const char* kPath = "/file";
constexpr std::uint64_t kLimit = 1 << 10;

TEST(CheckedFile, TellsOfEveryBitThatTheDiskTurns) {
  io::sim::SimWorld world(1);
  auto& files = world.add_machine("box").files();
  ASSERT_TRUE(write_checked_file(files, kPath, "{\"a\": 1}"));
  ASSERT_EQ(read_checked_file(files, kPath, kLimit).value(), "{\"a\": 1}");
  const auto size = (*io::status_if_exists(files, kPath))->size_bytes;
  for (std::uint64_t at = 0; at < size; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << bit);
      files.flip_bits(kPath, at, mask);
      const auto read = read_checked_file(files, kPath, kLimit);
      // A mark that is none any more leaves a text that no reader of JSON takes.
      EXPECT_TRUE(!read || (*read)->size() > sizeof("{\"a\": 1}") + 64) << "byte " << at << ", bit " << bit;
      files.flip_bits(kPath, at, mask);
    }
}

TEST(CheckedFile, WhatEarlierVersionsWroteIsTaken) {
  io::sim::SimWorld world(1);
  auto& files = world.add_machine("box").files();
  EXPECT_EQ(read_checked_file(files, kPath, kLimit).value(), std::nullopt);
  ASSERT_TRUE(io::write_file_atomically(files, kPath, "{}\n"));
  EXPECT_EQ(read_checked_file(files, kPath, kLimit).value(), "{}\n");
}

}  // namespace
}  // namespace farholm::crypto
