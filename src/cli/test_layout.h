// An OCI layout with images in it, as an image builder leaves one, for this module's tests.
#pragma once

#include <string>
#include <vector>

#include "cli/content_folder.h"
#include "cli/test_files.h"
#include "content/oci.h"
#include "json/json.h"

namespace farholm::cli::test {

inline json::Value descriptor(std::string_view type, const std::string& content) {
  return {{"mediaType", type}, {"digest", crypto::Digest::of(content).to_string()}, {"size", content.size()}};
}

// One image of one layer under each name.
inline void make_layout(Desk& desk, const std::string& folder, const std::vector<std::string>& names) {
  json::Value entries = json::Value::array();
  for (const auto& name : names) {
    const std::string layer = "layer of " + name;
    const auto manifest =
        json::to_text({{"schemaVersion", 2},
                       {"mediaType", content::kManifestType},
                       {"config", descriptor("application/vnd.oci.image.config.v1+json", "{}")},
                       {"layers", {descriptor("application/vnd.oci.image.layer.v1.tar", layer)}}});
    for (const std::string& blob : {layer, std::string("{}"), manifest})
      ASSERT_TRUE(put_blob(desk.files(), folder, blob));
    auto entry = descriptor(content::kManifestType, manifest);
    entry["annotations"] = {{content::kReferenceAnnotation, name}};
    entries.push_back(entry);
  }
  desk.write(folder + "/index.json", json::to_text({{"schemaVersion", 2}, {"manifests", entries}}));
  desk.write(folder + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
}

}  // namespace farholm::cli::test
