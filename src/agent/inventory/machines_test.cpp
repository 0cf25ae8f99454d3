// The recorded machines give what stands beside them, and no damage to their files makes the reader fail.
// ACCEPT=1 rewrites the expectations.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "agent/inventory/inventory.h"
#include "agent/inventory/test_tree.h"
#include "io/posix/files.h"

namespace farholm::agent::inventory {
namespace {

const std::string kMachines = FARHOLM_SOURCE_DIR "/tests/fixtures/machines";

std::vector<std::string> machines(io::Files& files) {
  std::vector<std::string> names;
  const auto entries = files.list(kMachines);
  if (!entries) return names;
  for (const auto& entry : *entries) {
    if (entry.type == io::FileStatus::Type::Directory) names.push_back(entry.name);
  }
  return names;
}

TEST(Machines, EachRecordedMachineGivesWhatIsExpectedOfIt) {
  io::posix::PosixFiles files;
  const auto names = machines(files);
  ASSERT_GE(names.size(), 3U);
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    const auto inventory = read_inventory(files, kMachines + "/" + name);
    ASSERT_TRUE(inventory) << inventory.error().to_string();
    const auto text = json::to_pretty_text(*inventory) + "\n";
    const auto path = kMachines + "/" + name + "/expected.json";
    if (std::getenv("ACCEPT") != nullptr) {
      ASSERT_TRUE(io::write_file_atomically(files, path, text, 0644));
    }
    const auto expected = io::read_file_if_exists(files, path, 1 << 20);
    ASSERT_TRUE(expected && *expected) << "run with ACCEPT=1 to make " << path;
    EXPECT_EQ(text, **expected);
    EXPECT_TRUE(io::status_if_exists(files, kMachines + "/" + name + "/SOURCE").value())
        << "where is it from?";
    EXPECT_LT(json::to_text(*inventory).size(), 64U << 10);
    EXPECT_TRUE(json::to_canonical_text(*inventory));
    EXPECT_FALSE(inventory_as_text(*inventory).empty());
  }
}

TEST(Machines, TheRealMachineCanBeRead) {
  io::posix::PosixFiles files;
  const auto inventory = read_inventory(files, "");
  ASSERT_TRUE(inventory);
  EXPECT_GT(json::find_integer((*inventory)["capacity"], "cpus").value_or(0), 0);
  EXPECT_GT(json::find_integer((*inventory)["capacity"], "memoryBytes").value_or(0), 0);
}

TEST(Machines, ASysrootThatIsNotThereIsAnError) {
  io::posix::PosixFiles files;
  const auto inventory = read_inventory(files, kMachines + "/nowhere");
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().code, ErrorCode::NotFound);
}

// Loads what the reader looks at: it follows links, so folders are found by where they really are.
void load(io::Files& files, const std::string& root, const std::string& path, int depth, TestTree& tree) {
  const auto status = files.status(root + path);
  if (!status) return;
  if (status->type == io::FileStatus::Type::Symlink) {
    const auto target = files.read_link(root + path);
    if (!target) return;
    tree.links[path] = *target;
    // `device` and its like lead back up: two steps are as far as anybody looks.
    if (depth <= 0) return;
    --depth;
  }
  if (const auto content = io::read_file(files, root + path, 1 << 20)) {
    tree.texts[path] = *content;
    return;
  }
  const auto entries = files.list(root + path);
  if (!entries) return;
  for (const auto& entry : *entries) load(files, root, path + "/" + entry.name, depth, tree);
}

void damage(std::string& text, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  switch (random() % 8) {
    case 0:
      text.resize(below(text.size() + 1));
      break;
    case 1:
      text.clear();
      break;
    case 2:
      text.insert(below(text.size() + 1), std::string(below(9000), static_cast<char>(random())));
      break;
    case 3:
      text += text;
      break;
    case 4:
      for (auto& letter : text) {
        if (letter >= '0' && letter <= '9') letter = static_cast<char>('0' + random() % 10);
      }
      break;
    case 5:
      text = "99999999999999999999\n";
      break;
    case 6:
      text = "-9223372036854775808";
      break;
    default:
      for (auto count = random() % 20; count > 0 && !text.empty(); --count) {
        text[below(text.size())] ^= static_cast<char>(1U << (random() % 8));
      }
  }
}

TEST(Machines, NoDamageToTheFilesMakesTheReaderFail) {
  io::posix::PosixFiles files;
  for (const auto& name : machines(files)) {
    TestTree whole;
    for (const char* top : {"/proc", "/sys/class", "/sys/block", "/sys/bus", "/sys/devices/system", "/sys/fs",
                            "/etc", "/usr", "/dev"}) {
      load(files, kMachines + "/" + name, top, 2, whole);
    }
    ASSERT_GT(whole.texts.size(), 20U) << name;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      SCOPED_TRACE(fmt::format("{} seed {}", name, seed));
      std::mt19937_64 random(seed);
      TestTree tree = whole;
      const auto share = 1 + random() % 6;  // of the files, one in so many
      for (auto& [path, text] : tree.texts) {
        if (random() % share == 0) damage(text, random);
      }
      for (auto& [path, target] : tree.links) {
        if (random() % share == 0) damage(target, random);
      }
      std::erase_if(tree.texts, [&](const auto&) { return random() % 16 == 0; });
      const auto inventory = read_inventory(tree, "");
      ASSERT_TRUE(inventory);
      const auto canonical = json::to_canonical_text(*inventory);
      ASSERT_TRUE(canonical) << canonical.error().to_string();
      ASSERT_LT(canonical->size(), 128U << 10);
      (void)inventory_as_text(*inventory);
    }
  }
}

}  // namespace
}  // namespace farholm::agent::inventory
