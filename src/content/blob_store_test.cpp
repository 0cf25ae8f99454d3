#include "content/blob_store.h"

#include "content/test_content.h"

namespace farholm::content {
namespace {

using StoreTest = ContentTest;

std::string read_all(BlobReader& reader) {
  std::string content;
  while (true) {
    const auto piece = reader.next();
    if (!piece) return "error: " + piece.error().message;
    if (piece->empty()) return content;
    content += as_text(*piece);
  }
}

TEST_F(StoreTest, KeepsABlobUnderItsDigest) {
  const auto digest = store.put("hello");
  ASSERT_TRUE(digest) << digest.error().to_string();
  EXPECT_EQ(*digest, Digest::of("hello"));
  EXPECT_EQ(*store.read(*digest, 10), "hello");
  EXPECT_EQ(store.find(*digest)->value(), 5U);
  EXPECT_EQ(*store.size_bytes(), 5U);
  EXPECT_EQ(store.read(*digest, 4).error().code, ErrorCode::RequestEntityTooLarge);
  EXPECT_EQ(store.read(Digest::of("other"), 10).error().code, ErrorCode::NotFound);
  EXPECT_FALSE(store.find(Digest::of("other"))->has_value());
}

TEST_F(StoreTest, WritesNothingWhenTheBlobIsThere) {
  ASSERT_TRUE(store.put("hello"));
  ASSERT_TRUE(store.put_signature(Digest::of("hello"), "{}"));
  const auto before = files.boundaries();
  ASSERT_TRUE(store.put("hello"));
  ASSERT_TRUE(store.put_signature(Digest::of("hello"), "{}"));
  EXPECT_EQ(files.boundaries(), before);
}

TEST_F(StoreTest, GivesRangesOfABlob) {
  const auto digest = *store.put("0123456789");
  const auto range = [&](std::uint64_t offset, std::uint64_t length) {
    auto reader = store.open(digest, offset, length);
    return reader ? read_all(*reader) : "error";
  };
  EXPECT_EQ(range(0, UINT64_MAX), "0123456789");
  EXPECT_EQ(range(3, 4), "3456");
  EXPECT_EQ(range(8, 100), "89");
  EXPECT_EQ(range(10, 1), "");
  EXPECT_EQ(range(11, 1), "error");
}

TEST_F(StoreTest, ReadsLongBlobsInPieces) {
  std::string content(3 * kPieceBytesMax + 17, 'x');
  content[kPieceBytesMax] = 'y';
  const auto digest = *store.put(content);
  auto reader = *store.open(digest);
  EXPECT_EQ(reader.next()->size(), kPieceBytesMax);
  auto again = *store.open(digest);
  EXPECT_EQ(read_all(again), content);
}

TEST_F(StoreTest, ReadsForWhoMayBeSlowInPiecesThatCostLittle) {
  const std::string content(3 * kServedPieceBytes + 17, 'x');
  const auto digest = *store.put(content);
  auto reader = *store.open(digest);
  reader.read_pieces_of(kServedPieceBytes);
  EXPECT_EQ(reader.next()->size(), kServedPieceBytes);
  auto again = *store.open(digest);
  again.read_pieces_of(kServedPieceBytes);
  EXPECT_EQ(read_all(again), content);
}

TEST_F(StoreTest, SetsADamagedBlobAside) {
  for (const bool streamed : {false, true}) {
    const auto digest = *store.put("hello");
    const auto path = "/content/blobs/sha256/" + digest.hex().substr(0, 2) + "/" + digest.hex();
    files.flip_bits(path, 1, 0x10);
    if (streamed) {
      auto reader = *store.open(digest);
      EXPECT_TRUE(read_all(reader).starts_with("error"));
    } else {
      EXPECT_EQ(store.read(digest, 10).error().code, ErrorCode::ServiceUnavailable);
    }
    EXPECT_FALSE(store.find(digest)->has_value());
    EXPECT_TRUE(files.status("/content/corrupt/" + digest.hex()));
  }
  EXPECT_EQ(*store.read(*store.put("hello"), 10), "hello") << "it can be had again";
}

TEST_F(StoreTest, TakesABegunBlobUpAgain) {
  const auto digest = Digest::of("hello world");
  {
    auto partial = *store.begin(digest);
    ASSERT_TRUE(partial.append(as_bytes("hello ")));
    EXPECT_EQ(store.begin(digest).error().code, ErrorCode::Conflict) << "one writer at a time";
  }
  auto partial = *store.begin(digest);
  EXPECT_EQ(partial.size_bytes(), 6U);
  ASSERT_TRUE(partial.append(as_bytes("world")));
  ASSERT_TRUE(partial.finish());
  EXPECT_EQ(*store.read(digest, 100), "hello world");
}

TEST_F(StoreTest, ThrowsAwayWhatHasAnotherDigest) {
  const auto digest = Digest::of("hello");
  {
    auto partial = *store.begin(digest);
    ASSERT_TRUE(partial.append(as_bytes("jello")));
    EXPECT_EQ(partial.finish().error().code, ErrorCode::Invalid);
  }
  EXPECT_FALSE(store.find(digest)->has_value());
  EXPECT_EQ(store.begin(digest)->size_bytes(), 0U);
}

TEST_F(StoreTest, RemovesWhatIsNotPinned) {
  const auto kept = *store.put("kept");
  const auto gone = *store.put("gone too");
  ASSERT_TRUE(store.put_signature(kept, "{}"));
  ASSERT_TRUE(store.put_signature(gone, "{}"));
  {
    auto partial = *store.begin(Digest::of("begun"));
    ASSERT_TRUE(partial.append(as_bytes("beg")));
  }
  EXPECT_EQ(*store.remove_unpinned({kept}), 8U + 3U + 2U);
  EXPECT_EQ(store.list()->size(), 1U);
  EXPECT_TRUE(store.find_signature(kept)->has_value());
  EXPECT_FALSE(store.find_signature(gone)->has_value());
  const auto before = files.boundaries();
  EXPECT_EQ(*store.remove_unpinned({kept}), 0U);
  EXPECT_EQ(files.boundaries(), before);
}

TEST_F(StoreTest, ABlobIsWholeOrAbsentAfterAPowerCutAnywhere) {
  const std::string content(2000, 'x');
  const auto digest = Digest::of(content);
  for (const auto survival : {io::sim::Survival::Nothing, io::sim::Survival::Everything,
                              io::sim::Survival::Each, io::sim::Survival::TornLast}) {
    for (std::uint64_t step = 1;; ++step) {
      io::sim::SimWorld fresh(step);
      auto& disk = fresh.add_machine("site").files();
      BlobStore cut(disk, "/content", Logger(sink, "content"));
      disk.cut_power_at(disk.boundaries() + step);
      const bool acknowledged = cut.put(content).has_value();
      disk.cut_power_at(std::nullopt);
      disk.cut_power();
      disk.restart(survival);
      BlobStore after(disk, "/content", Logger(sink, "content"));
      const auto read = after.read(digest, 5000);
      if (acknowledged) {
        ASSERT_TRUE(read) << "what was acknowledged is lost";
      }
      if (read) {
        ASSERT_EQ(*read, content);
      } else {
        ASSERT_EQ(read.error().code, ErrorCode::NotFound) << read.error().message;
      }
      ASSERT_TRUE(after.put(content)) << step;
      if (acknowledged) {
        EXPECT_GT(step, 5U) << "the power was cut at several places";
        break;
      }
    }
  }
}

}  // namespace
}  // namespace farholm::content
