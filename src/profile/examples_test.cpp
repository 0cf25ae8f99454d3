// What we show people must be right.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "profile/admit.h"
#include "profile/kinds.h"

namespace farholm::profile {
namespace {

TEST(Examples, AreValid) {
  std::ifstream file(FARHOLM_SOURCE_DIR "/api/examples/store.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  const auto objects = json::parse_yaml_stream(text.str());
  ASSERT_TRUE(objects.has_value()) << objects.error().to_string();
  int ours = 0;
  for (const auto& object : *objects)
    for (const auto& kind : kinds()) {
      if (json::string_or(object, "kind") != kind.kind) continue;
      ++ours;
      const auto admitted = admit(kind, object);
      EXPECT_TRUE(admitted.has_value()) << admitted.error().to_string();
    }
  EXPECT_EQ(ours, 4);
}

}  // namespace
}  // namespace farholm::profile
