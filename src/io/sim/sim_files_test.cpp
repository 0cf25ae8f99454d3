#include "io/sim/sim_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "io/sim/sim_clock.h"

namespace farholm::io::sim {
namespace {

class SimFilesTest : public testing::Test {
 protected:
  void write(const std::string& path, std::string_view text, std::uint64_t offset = 0) {
    auto file = files_.open(path, OpenMode::Create);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(offset, as_bytes(text)));
  }
  void write_durably(const std::string& path, std::string_view text) {
    auto file = files_.open(path, OpenMode::Create);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(0, as_bytes(text)));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(files_.sync_directory(parent_path(path)));
  }
  std::string read(const std::string& path) {
    const auto content = read_file(files_, path, 1 << 20);
    return content ? *content : std::string(reason(content.error().code));
  }
  void cut_and_restart(Survival survival) {
    files_.cut_power();
    files_.restart(survival);
  }

  SimTime time_;
  History history_;
  SimFiles files_{time_, SimEntropy(1), history_, "disk"};
};

TEST_F(SimFilesTest, WhatWasSyncedInASyncedFolderSurvives) {
  write_durably("/a", "kept");
  cut_and_restart(Survival::Nothing);
  EXPECT_EQ(read("/a"), "kept");
}

TEST_F(SimFilesTest, AFileInAFolderThatWasNotSyncedIsGone) {
  auto file = *files_.open("/a", OpenMode::Create);
  ASSERT_TRUE(file->write_at(0, as_bytes("lost")));
  ASSERT_TRUE(file->sync());
  cut_and_restart(Survival::Nothing);
  EXPECT_EQ(read("/a"), "NotFound");
}

TEST_F(SimFilesTest, AFolderThatWasMadeDurablySurvivesWithThoseAboveIt) {
  ASSERT_TRUE(files_.make_directories("/quickly/made"));
  ASSERT_TRUE(make_durable_directories(files_, "/durably/made", 0750));
  cut_and_restart(Survival::Nothing);
  EXPECT_EQ(files_.status("/quickly/made").error().code, ErrorCode::NotFound);
  EXPECT_EQ(files_.status("/durably/made")->permissions, 0750U);
}

TEST_F(SimFilesTest, AnUnsyncedWriteIsLostOrKeptAsTheSurvivalSays) {
  write_durably("/a", "old");
  write("/a", "new");
  EXPECT_EQ(read("/a"), "new");
  cut_and_restart(Survival::Nothing);
  EXPECT_EQ(read("/a"), "old");
  write("/a", "new");
  cut_and_restart(Survival::Everything);
  EXPECT_EQ(read("/a"), "new");
}

TEST_F(SimFilesTest, ATornWriteIsTornAtSectors) {
  const std::string before(8 * kSectorBytes, 'a');
  std::set<std::string> seen;
  for (int attempt = 0; attempt < 20; ++attempt) {
    write_durably("/a", before);
    write("/a", std::string(8 * kSectorBytes, 'b'));
    cut_and_restart(Survival::TornLast);
    const std::string after = read("/a");
    for (std::size_t sector = 0; sector < 8; ++sector) {
      const std::string piece = after.substr(sector * kSectorBytes, kSectorBytes);
      EXPECT_TRUE(piece == std::string(kSectorBytes, 'a') || piece == std::string(kSectorBytes, 'b'));
    }
    seen.insert(after);
  }
  EXPECT_GT(seen.size(), 10U);
}

TEST_F(SimFilesTest, ARenameHappenedWholeOrNotAtAll) {
  for (const auto survival : {Survival::Nothing, Survival::Everything, Survival::Each, Survival::TornLast}) {
    write_durably("/a", "old");
    write_durably("/b", "new");
    ASSERT_TRUE(files_.rename("/b", "/a"));
    cut_and_restart(survival);
    const bool happened = read("/a") == "new";
    EXPECT_EQ(read("/a"), happened ? "new" : "old");
    EXPECT_EQ(read("/b"), happened ? "NotFound" : "new");
  }
}

TEST_F(SimFilesTest, AnAtomicWriteIsOldOrNewAtEveryBoundaryAndNewOnceItReturned) {
  for (std::uint64_t cut = 1; cut <= 6; ++cut) {
    for (const auto survival :
         {Survival::Nothing, Survival::Everything, Survival::Each, Survival::TornLast}) {
      write_durably("/a", "old");
      files_.cut_power_at(files_.boundaries() + cut);
      const auto written = write_file_atomically(files_, "/a", "new");
      if (files_.powered()) files_.cut_power();
      files_.restart(survival);
      const std::string found = read("/a");
      EXPECT_TRUE(found == "new" || (!written && found == "old")) << cut << ": " << found;
      (void)files_.remove("/a.new");
    }
  }
}

TEST_F(SimFilesTest, AfterTheCutEverythingFailsUntilTheRestart) {
  write_durably("/a", "text");
  auto file = *files_.open("/a", OpenMode::ReadWrite);
  files_.cut_power_at(files_.boundaries() + 1);
  EXPECT_FALSE(file->write_at(0, as_bytes("x")));
  EXPECT_FALSE(files_.powered());
  EXPECT_FALSE(file->size_bytes());
  EXPECT_EQ(files_.status("/a").error().code, ErrorCode::ServiceUnavailable);
  files_.restart(Survival::Nothing);
  EXPECT_FALSE(file->size_bytes()) << "the file was open in another life";
  EXPECT_EQ(read("/a"), "text");
}

TEST_F(SimFilesTest, AFullDiskRefusesToGrow) {
  files_.set_capacity(1000);
  write("/a", std::string(900, 'x'));
  auto file = *files_.open("/a", OpenMode::ReadWrite);
  EXPECT_EQ(file->write_at(900, as_bytes(std::string(101, 'x'))).error().code, ErrorCode::ServiceUnavailable);
  EXPECT_TRUE(file->write_at(0, as_bytes(std::string(900, 'y'))));
  EXPECT_EQ(files_.space("/")->available_bytes, 100U);
  ASSERT_TRUE(files_.remove("/a"));
  EXPECT_EQ(files_.space("/")->available_bytes, 1000U);
}

TEST_F(SimFilesTest, ABrokenSectorCannotBeReadUntilItIsWrittenAgain) {
  write_durably("/a", std::string(2048, 'x'));
  files_.break_sector("/a", 600);
  EXPECT_EQ(read("/a"), "ServiceUnavailable");
  write("/a", std::string(512, 'y'), 512);
  EXPECT_EQ(read("/a").size(), 2048U);
}

TEST_F(SimFilesTest, AFailingOperationChangesNothing) {
  write_durably("/a", "old");
  auto file = *files_.open("/a", OpenMode::ReadWrite);
  files_.fail_at(files_.boundaries() + 1);
  EXPECT_FALSE(file->write_at(0, as_bytes("new")));
  EXPECT_EQ(read("/a"), "old");
  EXPECT_TRUE(file->write_at(0, as_bytes("new")));
}

TEST_F(SimFilesTest, ALockIsHeldUntilTheFileIsClosed) {
  write("/a", "x");
  auto first = *files_.open("/a", OpenMode::ReadWrite);
  auto second = *files_.open("/a", OpenMode::ReadWrite);
  ASSERT_TRUE(first->lock());
  EXPECT_EQ(second->lock().error().code, ErrorCode::Conflict);
  first.reset();
  EXPECT_TRUE(second->lock());
}

TEST_F(SimFilesTest, FoldersAreListedAndLinksAreRead) {
  ASSERT_TRUE(files_.make_directories("/sys/class/net"));
  ASSERT_TRUE(files_.make_directories("/sys/devices/eth0"));
  write("/sys/devices/eth0/address", "02:00");
  files_.make_link("/sys/class/net/eth0", "../../devices/eth0");
  EXPECT_EQ(*files_.read_link("/sys/class/net/eth0"), "../../devices/eth0");
  EXPECT_EQ(read("/sys/class/net/eth0/address"), "02:00");
  ASSERT_EQ(files_.list("/sys")->size(), 2U);
  EXPECT_EQ(files_.list("/sys")->front().name, "class");
  EXPECT_EQ(files_.remove("/sys/devices").error().code, ErrorCode::Conflict);
}

TEST_F(SimFilesTest, OneSeedIsOneHistory) {
  const auto run = [](std::uint64_t seed) {
    SimTime time;
    History history;
    SimFiles files(time, SimEntropy(seed), history, "disk");
    std::string left;
    for (int i = 0; i < 20; ++i) {
      (void)write_file_atomically(files, "/a", std::string(3000, static_cast<char>('a' + i)));
      auto file = files.open("/b", OpenMode::Create);
      (void)(*file)->write_at(0, as_bytes(std::string(5000, static_cast<char>('a' + i))));
      files.cut_power();
      files.restart(static_cast<Survival>(i % 4));
      left += read_file(files, "/b", 1 << 20).value_or("none");
    }
    return std::pair(history.hash(), left);
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3).second, run(4).second);
}

}  // namespace
}  // namespace farholm::io::sim
