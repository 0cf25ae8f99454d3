// What only the durable store must do: tell what is wrong with a disk, a key or a file.
#include "store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/sim/sim_world.h"
#include "store/storage_cipher.h"
#include "store/test_cipher.h"

namespace farholm::store {
namespace {

using testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open() { return open_sqlite_store(machine_.world(), {"/hub.db", cipher_}); }

  Result<EntryRef> put(Store& store, int number, std::size_t padding_bytes = 10) {
    auto outcome = world_.loop().run(
        mutate(store, {"farholm.dev/sites", "retail", "a"}, [=](const Entry*) -> Result<Change> {
          return Change::put({{"metadata", json::Value::object()},
                              {"number", number},
                              {"secret", "canary" + std::string(padding_bytes, 'x')}});
        }));
    if (!outcome) return std::unexpected(outcome.error());
    return outcome->entry;
  }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  TestCipher cipher_;
};

TEST_F(SqliteStoreTest, ASecondProcessIsRefused) {
  const auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_THAT(second.error().message, HasSubstr("another process"));
}

TEST_F(SqliteStoreTest, AnotherKeyIsRefusedWithASentence) {
  open().value().reset();
  TestCipher other(0x17);
  const auto opened = open_sqlite_store(machine_.world(), {"/hub.db", other});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Invalid);
  EXPECT_THAT(opened.error().message, HasSubstr("the key that was given is not the one"));
}

TEST_F(SqliteStoreTest, AForeignFileIsRefused) {
  ASSERT_TRUE(io::write_file_atomically(machine_.files(), "/hub.db", std::string(5000, 'x')));
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::InternalError);
  EXPECT_THAT(opened.error().message, HasSubstr("is damaged"));
}

TEST_F(SqliteStoreTest, ARottenValueIsNoticed) {
  {
    auto store = *open();
    ASSERT_TRUE(put(*store, 1, 20'000));
  }
  const auto size = machine_.files().status("/hub.db")->size_bytes;
  machine_.files().flip_bits("/hub.db", size - 2000, 0x10);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::InternalError);
  EXPECT_THAT(opened.error().message, HasSubstr("restore it from a backup"));
}

TEST_F(SqliteStoreTest, AFullDiskRefusesTheWriteAndGoesOnWhenThereIsRoom) {
  auto store = *open();
  ASSERT_TRUE(put(*store, 1));
  machine_.files().set_capacity(machine_.files().used_bytes() + 10'000);
  const auto refused = put(*store, 2, 100'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ServiceUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("no space"));
  EXPECT_EQ(store->revision(), 2);
  machine_.files().set_capacity(io::sim::kSimDiskBytesDefault);
  const auto written = put(*store, 3, 100'000);
  ASSERT_TRUE(written) << written.error().to_string();
  EXPECT_EQ((*written)->revision, 3);
}

TEST_F(SqliteStoreTest, AFailedFlushStopsWritingUntilTheStoreIsOpenedAgain) {
  int failures = 0;
  auto store = *open_sqlite_store(machine_.world(),
                                  {.path = "/hub.db", .cipher = cipher_, .on_failure = [&] { ++failures; }});
  ASSERT_TRUE(put(*store, 1));
  for (std::uint64_t i = 1; i <= 20; ++i) machine_.files().fail_at(machine_.files().boundaries() + i);
  EXPECT_EQ(put(*store, 2).error().code, ErrorCode::ServiceUnavailable);
  EXPECT_EQ(put(*store, 3).error().code, ErrorCode::ServiceUnavailable);
  EXPECT_EQ(failures, 1) << "said once";
  EXPECT_EQ(store->get({"farholm.dev/sites", "retail", "a"})->value["number"], 1);
  store.reset();
  for (int i = 0; i < 20; ++i) (void)machine_.files().make_directories("/spent" + std::to_string(i));
  auto again = open();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(put(**again, 4));
}

TEST_F(SqliteStoreTest, ValuesAreNotOnTheDiskInTheClear) {
  StorageCipher cipher(crypto::make_storage_key(machine_.entropy()), machine_.entropy());
  auto store = *open_sqlite_store(machine_.world(), {"/hub.db", cipher});
  ASSERT_TRUE(put(*store, 1));
  for (const char* file : {"/hub.db", "/hub.db-wal"}) {
    const auto content = io::read_file_if_exists(machine_.files(), file, 1 << 24);
    ASSERT_TRUE(content);
    if (*content) EXPECT_EQ((*content)->find("canary"), std::string::npos) << file;
  }
  store.reset();
  auto again = open_sqlite_store(machine_.world(), {"/hub.db", cipher});
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ((*again)->get({"farholm.dev/sites", "retail", "a"})->value["number"], 1);
}

}  // namespace
}  // namespace farholm::store
