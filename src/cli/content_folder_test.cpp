// Blobs in a folder, by their digests.
#include "cli/content_folder.h"

#include <gtest/gtest.h>

#include "cli/test_files.h"

namespace farholm::cli {
namespace {

class ContentFolderTest : public testing::Test {
 protected:
  static std::string path_of(const std::string& folder, const crypto::Digest& digest) {
    return folder + "/blobs/sha256/" + digest.hex();
  }

  test::Desk desk_;
};

TEST_F(ContentFolderTest, WhatWasPutIsReadBack) {
  const auto digest = put_blob(desk_.files(), "/content", "tea");
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, crypto::Digest::of(std::string_view("tea")));
  EXPECT_EQ(desk_.read(path_of("/content", *digest)), "tea");
  EXPECT_EQ(read_blob(desk_.files(), {"/empty", "/content"}, *digest).value(), "tea");
}

TEST_F(ContentFolderTest, PuttingItAgainWritesNothing) {
  ASSERT_TRUE(put_blob(desk_.files(), "/content", "tea"));
  const auto writes = desk_.files().boundaries();
  ASSERT_TRUE(put_blob(desk_.files(), "/content", "tea"));
  EXPECT_EQ(desk_.files().boundaries(), writes);
}

TEST_F(ContentFolderTest, ABlobThatIsWrongInOneFolderIsTakenFromTheNext) {
  const auto digest = put_blob(desk_.files(), "/good", "tea").value();
  desk_.write(path_of("/bad", digest), "tee");
  EXPECT_EQ(read_blob(desk_.files(), {"/bad", "/good"}, digest).value(), "tea");
  const auto alone = read_blob(desk_.files(), {"/bad"}, digest);
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::NotFound);
}

TEST_F(ContentFolderTest, PuttingABlobRepairsOneThatWasCutShort) {
  const auto digest = put_blob(desk_.files(), "/content", "tea").value();
  desk_.write(path_of("/content", digest), "t");
  ASSERT_TRUE(put_blob(desk_.files(), "/content", "tea"));
  EXPECT_EQ(read_blob(desk_.files(), {"/content"}, digest).value(), "tea");
}

}  // namespace
}  // namespace farholm::cli
