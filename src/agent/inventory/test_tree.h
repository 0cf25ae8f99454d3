// A tree of files in memory for tests: text and links by path, folders by what is in them. Read-only. Test
// only.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "io/files.h"

namespace farholm::agent::inventory {

class TestTree final : public io::Files {
 public:
  std::map<std::string, std::string> texts;
  std::map<std::string, std::string> links;

  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode, std::uint32_t) override {
    const auto found = texts.find(path);
    if (found == texts.end()) return fail(ErrorCode::NotFound, path);
    return std::unique_ptr<io::File>(std::make_unique<Text>(found->second));
  }
  Result<std::vector<io::DirectoryEntry>> list(const std::string& path) override {
    std::set<std::string> names;
    const auto collect = [&](const auto& of) {
      for (const auto& [each, content] : of) {
        if (!each.starts_with(path + "/")) continue;
        names.insert(each.substr(path.size() + 1, each.find('/', path.size() + 1) - path.size() - 1));
      }
    };
    collect(texts);
    collect(links);
    if (names.empty()) return fail(ErrorCode::NotFound, path);
    std::vector<io::DirectoryEntry> entries;
    for (const auto& name : names) entries.push_back({.name = name});
    return entries;
  }
  Result<io::FileStatus> status(const std::string& path) override {
    if (links.contains(path) || texts.contains(path)) return io::FileStatus{};
    if (list(path)) return io::FileStatus{.type = io::FileStatus::Type::Directory};
    return fail(ErrorCode::NotFound, path);
  }
  Result<std::string> read_link(const std::string& path) override {
    const auto found = links.find(path);
    if (found == links.end()) return fail(ErrorCode::NotFound, path);
    return found->second;
  }
  Result<void> make_directories(const std::string&, std::uint32_t) override { return refuse(); }
  Result<void> remove(const std::string&) override { return refuse(); }
  Result<void> rename(const std::string&, const std::string&) override { return refuse(); }
  Result<void> sync_directory(const std::string&) override { return refuse(); }
  Result<io::DiskSpace> space(const std::string&) override { return refuse(); }

 private:
  static std::unexpected<Error> refuse() { return fail(ErrorCode::Forbidden, "nothing is written here"); }
  class Text final : public io::File {
   public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
      if (offset >= text_.size()) return std::size_t{0};
      const auto count = std::min<std::size_t>(into.size(), text_.size() - offset);
      std::memcpy(into.data(), text_.data() + offset, count);
      return count;
    }
    Result<void> write_at(std::uint64_t, std::span<const std::byte>) override { return refuse(); }
    Result<void> truncate(std::uint64_t) override { return refuse(); }
    Result<std::uint64_t> size_bytes() override { return text_.size(); }
    Result<void> sync() override { return refuse(); }
    Result<void> lock() override { return refuse(); }

   private:
    std::string text_;
  };
};

}  // namespace farholm::agent::inventory
