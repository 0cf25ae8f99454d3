#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "link/frame.h"
#include "link/status_sync.h"

namespace farholm::link {
namespace {

TEST(Frame, ComesBackFromBytesInAnyPieces) {
  const Frame first{.type = FrameType::Hello, .body = {{"version", 1}}};
  const Frame second{.type = FrameType::Ping, .body = json::Value::object()};
  const std::string bytes = *encode(first) + *encode(second);
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    Decoder decoder;
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      decoder.feed(as_bytes(std::string_view(bytes).substr(at, piece)));
      while (true) {
        auto frame = decoder.next();
        ASSERT_TRUE(frame);
        if (!*frame) break;
        frames.push_back(**frame);
      }
    }
    EXPECT_EQ(frames, (std::vector<Frame>{first, second}));
  }
}

TEST(Frame, ALengthBeyondTheLimitIsRefusedBeforeItIsRead) {
  Decoder decoder;
  decoder.feed(as_bytes(std::string_view("\x7f\xff\xff\xff", 4)));
  EXPECT_FALSE(decoder.next());
  Decoder empty;
  empty.feed(as_bytes(std::string_view("\0\0\0\0", 4)));
  EXPECT_FALSE(empty.next());
}

TEST(Frame, ALargeOneCostsItsOwnSizeAndNothingAfterwards) {
  const std::string large = *encode({.type = FrameType::Status, .body = {{"x", std::string(200'000, 'x')}}});
  Decoder decoder;
  constexpr std::size_t kPiece = 4096;
  for (std::size_t at = 0; at < large.size(); at += kPiece) {
    decoder.feed(as_bytes(std::string_view(large).substr(at, kPiece)));
    EXPECT_LE(decoder.held_bytes(), large.size() + 2 * kPiece);
  }
  EXPECT_TRUE(*decoder.next());
  EXPECT_EQ(decoder.last_frame_bytes(), large.size() - 4);
  EXPECT_LE(decoder.held_bytes(), kPiece);
}

TEST(Frame, AnUnknownTypeIsPassedOver) {
  Decoder decoder;
  decoder.feed(as_bytes(std::string_view("\0\0\0\3\x63{}", 7)));
  decoder.feed(as_bytes(*encode({.type = FrameType::Pong, .body = json::Value::object()})));
  const auto frame = decoder.next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->type, FrameType::Pong);
}

TEST(Frame, WhatIsNoObjectIsRefused) {
  Decoder decoder;
  decoder.feed(as_bytes(std::string_view("\0\0\0\3\1[]", 7)));
  EXPECT_FALSE(decoder.next());
}

TEST(MergePatch, TurnsOneIntoTheOther) {
  const json::Value before{{"a", 1}, {"b", {{"c", 2}, {"d", 3}}}, {"e", {1, 2}}};
  const json::Value after{{"b", {{"c", 2}, {"d", 4}}}, {"e", {1}}, {"f", "x"}};
  json::Value patched = before;
  json::apply_merge_patch(patched, make_merge_patch(before, after));
  EXPECT_EQ(patched, after);
  EXPECT_TRUE(make_merge_patch(after, after).empty());
}

TEST(StatusSync, OnlyTheDifferenceTravelsAndOneAtATime) {
  StatusSender sender;
  StatusReceiver receiver(nullptr);
  sender.connected(receiver.digest());
  sender.update({{"ready", false}, {"layers", 3}});
  const auto whole = sender.next();
  ASSERT_TRUE(whole);
  sender.update({{"ready", true}, {"layers", 3}});
  EXPECT_FALSE(sender.next()) << "one is under way";
  ASSERT_TRUE(*receiver.take(*whole));
  sender.acknowledged(1, receiver.digest());
  const auto patch = sender.next();
  ASSERT_TRUE(patch);
  EXPECT_EQ((*patch)["patch"], (json::Value{{"ready", true}}));
  ASSERT_TRUE(*receiver.take(*patch));
  sender.acknowledged(2, receiver.digest());
  EXPECT_FALSE(sender.next());
  EXPECT_EQ(receiver.status(), (json::Value{{"ready", true}, {"layers", 3}}));
}

TEST(StatusSync, NothingIsSentToAHubThatHasIt) {
  StatusSender sender;
  sender.update({{"ready", true}});
  sender.connected(status_digest({{"ready", true}}));
  EXPECT_FALSE(sender.next());
}

TEST(StatusSync, AHubThatHasAnotherBaseGetsTheWhole) {
  StatusSender sender;
  sender.update({{"ready", true}});
  sender.connected("");
  (void)sender.next();
  sender.acknowledged(1, status_digest({{"ready", true}}));
  // The hub was restored from a backup and has forgotten.
  StatusReceiver receiver(json::Value{{"old", 1}});
  sender.update({{"ready", false}});
  const auto patch = sender.next();
  ASSERT_TRUE(patch);
  EXPECT_FALSE(*receiver.take(*patch));
  sender.acknowledged(2, "");
  const auto whole = sender.next();
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->contains("base"));
  EXPECT_TRUE(*receiver.take(*whole));
  EXPECT_EQ(receiver.status(), (json::Value{{"ready", false}}));
}

}  // namespace
}  // namespace farholm::link
