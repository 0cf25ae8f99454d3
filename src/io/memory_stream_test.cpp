#include "io/memory_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.h"

namespace farholm::io {
namespace {

class StillClock final : public Clock {
 public:
  WallTime now() const override { return {}; }
  MonotonicTime monotonic() const override { return {}; }
};
class NoPoller final : public Poller {
 public:
  void wait(std::optional<MonotonicTime>) override {}
  bool idle() const override { return true; }
};

class MemoryStreamTest : public testing::Test {
 protected:
  StillClock clock_;
  NoPoller poller_;
  Loop loop_{clock_, poller_};
};

TEST_F(MemoryStreamTest, WhatOneEndWritesTheOtherReadsAndAFullBufferHoldsTheWriterBack) {
  auto [a, b] = make_memory_streams(loop_, 4);
  EXPECT_EQ(**a->try_write(as_bytes("hello")), 4U);
  EXPECT_FALSE(a->try_write(as_bytes("o"))->has_value());
  auto writing = [](Stream& stream) -> Task<bool> {
    co_await stream.writable();
    co_return stream.try_write(as_bytes("o"))->has_value();
  }(*a);
  writing.start();
  EXPECT_FALSE(writing.done());
  std::string into(8, ' ');
  EXPECT_EQ(**b->try_read(std::as_writable_bytes(std::span(into))), 4U);
  loop_.run();
  ASSERT_TRUE(writing.done());
  EXPECT_TRUE(writing.take());
}

TEST_F(MemoryStreamTest, ADestroyedEndIsReadAsTheEndAndWrittenToAsAnError) {
  auto [a, b] = make_memory_streams(loop_);
  (void)a->try_write(as_bytes("x"));
  a.reset();
  std::string into(8, ' ');
  EXPECT_EQ(**b->try_read(std::as_writable_bytes(std::span(into))), 1U);
  EXPECT_EQ(**b->try_read(std::as_writable_bytes(std::span(into))), 0U);
  EXPECT_FALSE(b->try_write(as_bytes("y")));
}

TEST_F(MemoryStreamTest, AnEndedDirectionLeavesTheOtherOpen) {
  auto [a, b] = make_memory_streams(loop_);
  ASSERT_TRUE(a->shutdown_write());
  std::string into(8, ' ');
  EXPECT_EQ(**b->try_read(std::as_writable_bytes(std::span(into))), 0U);
  EXPECT_EQ(**b->try_write(as_bytes("y")), 1U);
  EXPECT_EQ(**a->try_read(std::as_writable_bytes(std::span(into))), 1U);
}

}  // namespace
}  // namespace farholm::io
