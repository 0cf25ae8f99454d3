// A real process on the real disk, killed with -9 while it writes: what it had acknowledged is there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "io/posix/posix_world.h"
#include "store/sqlite_store.h"
#include "store/test_cipher.h"

namespace farholm::store {
namespace {

const Key kKey{"farholm.dev/sites", "retail", "a"};

// In the child: writes 1, 2, 3, … and tells each through the pipe once it is acknowledged.
[[noreturn]] void write_for_ever(const std::string& path, int acknowledged) {
  io::posix::PosixWorld world;
  TestCipher cipher;
  auto store = open_sqlite_store(world.world(), {path, cipher});
  if (!store) _exit(2);
  for (int number = 1;; ++number) {
    const auto written = world.loop().run(mutate(**store, kKey, [=](const Entry*) -> Result<Change> {
      return Change::put({{"metadata", json::Value::object()}, {"number", number}});
    }));
    if (!written || write(acknowledged, &number, sizeof(number)) != sizeof(number)) _exit(3);
  }
}

TEST(Kill, WhatWasAcknowledgedSurvivesKillMinusNine) {
  std::string folder = testing::TempDir() + "farholm_kill_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/hub.db";
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      write_for_ever(path, ends[1]);
    }
    close(ends[1]);
    int newest = 0;
    int number = 0;
    while (newest < 20 + round && read(ends[0], &number, sizeof(number)) == sizeof(number)) newest = number;
    kill(child, SIGKILL);
    while (read(ends[0], &number, sizeof(number)) == sizeof(number)) newest = number;
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);
    ASSERT_GE(newest, 20);

    io::posix::PosixWorld world;
    TestCipher cipher;
    auto store = open_sqlite_store(world.world(), {path, cipher});
    ASSERT_TRUE(store) << store.error().to_string();
    const auto found = (*store)->get(kKey)->value["number"].get<int>();
    EXPECT_TRUE(found == newest || found == newest + 1) << found << " after " << newest;
  }
  io::posix::PosixFiles files;
  EXPECT_TRUE(io::remove_tree(files, folder));
}

}  // namespace
}  // namespace farholm::store
