// farholm_generate ROOT: writes api/crds/*.yaml and docs/kinds.md below ROOT from the C++ descriptions of the
// kinds. farholm_generate --check ROOT: writes nothing, names the files that are not up to date, and fails.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "json/json.h"
#include "object/custom_resource_definition.h"
#include "profile/kinds.h"
#include "reference.h"

namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> generate() {
  const auto kinds = farholm::profile::kinds();
  std::map<std::string, std::string> files;
  for (const auto& kind : kinds)
    files["api/crds/" + kind.plural + ".yaml"] =
        "# Generated from src/profile by farholm_generate; do not edit.\n" +
        farholm::json::to_yaml(farholm::object::custom_resource_definition(kind));
  auto documented = kinds;
  documented.push_back(farholm::profile::plan_preview_kind());
  files["docs/kinds.md"] = farholm::generate::reference_page(documented);
  return files;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return !file.fail();
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (!check && (argc != 2 || argv[1][0] == '-')) {
    fmt::print(stderr, "usage: farholm_generate [--check] ROOT\n");
    return 64;
  }
  const fs::path root = argv[argc - 1];
  int stale = 0;
  for (const auto& [name, text] : generate()) {
    if (read(root / name) == text) continue;
    ++stale;
    if (check) {
      fmt::print(stderr, "{} is not up to date: run farholm_generate\n", name);
    } else if (!write(root / name, text)) {
      fmt::print(stderr, "cannot write {}\n", name);
      return 74;
    } else {
      fmt::print("wrote {}\n", name);
    }
  }
  return check && stale > 0 ? 1 : 0;
}
