#include "content/fetch.h"

#include "content/test_content.h"

namespace farholm::content {
namespace {

using FetchTest = ContentTest;

TEST_F(FetchTest, TakesABlobFromTheFirstSourceThatHasIt) {
  const auto digest = offer("/usb", "hello");
  LayoutSource empty(files, "/nothing");
  LayoutSource usb(files, "/usb");
  const auto sources = fetcher({&empty, &usb});
  const auto fetched = world.loop().run(fetch_blob(sources, {.digest = digest, .size_bytes = 5}));
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  EXPECT_EQ(*store.read(digest, 10), "hello");
  EXPECT_TRUE(problems.empty()) << "not to have it is no fault";
  EXPECT_EQ(fetched_bytes, 5U);
}

TEST_F(FetchTest, DoesNothingWhenTheBlobIsThere) {
  const auto digest = *store.put("hello");
  WrongSource wrong("jello");
  const auto sources = fetcher({&wrong});
  EXPECT_TRUE(world.loop().run(fetch_blob(sources, {.digest = digest, .size_bytes = 5})));
  EXPECT_EQ(wrong.asked, 0);
}

TEST_F(FetchTest, ThrowsWrongContentAwayReportsItAndAsksTheNext) {
  const auto digest = offer("/usb", "hello");
  WrongSource wrong("jello");
  WrongSource endless(std::string(1000, 'x'));
  LayoutSource usb(files, "/usb");
  const auto sources = fetcher({&wrong, &endless, &usb});
  ASSERT_TRUE(world.loop().run(fetch_blob(sources, {.digest = digest, .size_bytes = 5})));
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].source, "wrong");
  EXPECT_EQ(problems[0].error.code, ErrorCode::Invalid);
  EXPECT_EQ(problems[0].digest, digest);
  EXPECT_EQ(*store.read(digest, 10), "hello");
}

TEST_F(FetchTest, ResumesWhereAnotherSourceStopped) {
  const auto digest = offer("/usb", "hello world");
  WrongSource stops("hello ");
  LayoutSource usb(files, "/usb");
  const auto first = fetcher({&stops});
  EXPECT_EQ(world.loop().run(fetch_blob(first, {.digest = digest, .size_bytes = 11})).error().code,
            ErrorCode::ServiceUnavailable);
  fetched_bytes = 0;
  const auto second = fetcher({&usb});
  ASSERT_TRUE(world.loop().run(fetch_blob(second, {.digest = digest, .size_bytes = 11})));
  EXPECT_EQ(fetched_bytes, 5U);
}

TEST_F(FetchTest, AsksAGoodSourceAgainWhenWhatWasBegunIsWrong) {
  const auto digest = offer("/usb", "hello world");
  WrongSource liar("jello ");
  LayoutSource usb(files, "/usb");
  const auto sources = fetcher({&liar, &usb});
  ASSERT_TRUE(world.loop().run(fetch_blob(sources, {.digest = digest, .size_bytes = 11})));
  EXPECT_EQ(*store.read(digest, 100), "hello world");
}

TEST_F(FetchTest, SaysWhatEachSourceAnswered) {
  WrongSource wrong("jello");
  LayoutSource empty(files, "/nothing");
  const auto sources = fetcher({&wrong, &empty});
  const auto fetched =
      world.loop().run(fetch_blob(sources, {.digest = Digest::of("hello"), .size_bytes = {}}));
  ASSERT_FALSE(fetched);
  EXPECT_NE(fetched.error().message.find("wrong: "), std::string::npos) << fetched.error().message;
  EXPECT_NE(fetched.error().message.find("/nothing: "), std::string::npos) << fetched.error().message;
  EXPECT_FALSE(store.find(Digest::of("hello"))->has_value());
}

TEST_F(FetchTest, AFullDiskIsNoFaultOfTheSource) {
  const std::string content(1 << 20, 'x');
  const auto digest = offer("/usb", content);
  files.set_capacity(files.used_bytes() + (200 << 10));
  LayoutSource usb(files, "/usb");
  const auto sources = fetcher({&usb, &usb});
  const auto fetched =
      world.loop().run(fetch_blob(sources, {.digest = digest, .size_bytes = content.size()}));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::ServiceUnavailable) << fetched.error().to_string();
  EXPECT_TRUE(problems.empty());
}

TEST_F(FetchTest, FindsTheLayoutsInAFolder) {
  offer("/dir/a", "x");
  offer("/dir/b", "y");
  ASSERT_TRUE(files.make_directories("/dir/other"));
  EXPECT_EQ(*find_layouts(files, "/dir"), (std::vector<std::string>{"/dir/a", "/dir/b"}));
  EXPECT_EQ(find_layouts(files, "/dir/a")->front(), "/dir/a");
}

}  // namespace
}  // namespace farholm::content
