// Parts that the tests of this module share: a simulated machine, a layout to fetch from, a source that does
// wrong.
#pragma once

#include <gtest/gtest.h>

#include "content/bundle.h"
#include "content/layout_source.h"
#include "crypto/test_entropy.h"
#include "io/sim/sim_world.h"

namespace farholm::content {

// Gives other bytes than were asked for, or stops in the middle; counts what it is asked.
class WrongSource final : public BlobSource {
 public:
  explicit WrongSource(std::string content, bool honours_offset = true)
      : content_(std::move(content)), honours_offset_(honours_offset) {}

  std::string name() const override { return "wrong"; }
  io::Task<Result<std::unique_ptr<BlobPieces>>> fetch(Digest, std::uint64_t offset) override {
    ++asked;
    last_offset = offset;
    const auto from = honours_offset_ ? std::min<std::uint64_t>(offset, content_.size()) : 0;
    co_return std::make_unique<Pieces>(content_.substr(from));
  }
  io::Task<Result<std::string>> fetch_signature(Digest) override { co_return std::string("{}"); }

  int asked = 0;
  std::uint64_t last_offset = 0;

 private:
  class Pieces final : public BlobPieces {
   public:
    explicit Pieces(std::string content) : content_(std::move(content)) {}
    io::Task<Result<std::span<const std::byte>>> next() override {
      const auto piece = std::exchange(given_, true) ? std::string_view() : std::string_view(content_);
      co_return as_bytes(piece);
    }

   private:
    std::string content_;
    bool given_ = false;
  };
  std::string content_;
  bool honours_offset_;
};

class ContentTest : public testing::Test {
 protected:
  Fetcher fetcher(std::vector<BlobSource*> sources) {
    return {.loop = world.loop(),
            .store = store,
            .sources = std::move(sources),
            .report = [this](const SourceProblem& problem) { problems.push_back(problem); },
            .progress = [this](std::uint64_t bytes) { fetched_bytes += bytes; }};
  }
  // Puts a blob where LayoutSource finds it.
  Digest offer(const std::string& folder, const std::string& content) {
    const auto digest = Digest::of(content);
    EXPECT_TRUE(files.make_directories(folder + "/blobs/sha256"));
    EXPECT_TRUE(io::write_file_atomically(files, folder + "/blobs/sha256/" + digest.hex(), content));
    return digest;
  }

  io::sim::SimWorld world{1};
  io::sim::SimFiles& files = world.add_machine("site").files();
  NullSink sink;
  BlobStore store{files, "/content", Logger(sink, "content")};
  std::vector<SourceProblem> problems;
  std::uint64_t fetched_bytes = 0;
};

}  // namespace farholm::content
