// SiteState: where the kubernetes driver keeps what cannot be told by looking: the site's keys, and the
// names it has given. One JSON document, written before anything in it is used. It holds private keys:
// whoever implements it keeps it with mode 0600. One thread.
#pragma once

#include <optional>

#include "base/result.h"
#include "io/files.h"
#include "json/json.h"

namespace farholm::driver::kubernetes {

class SiteState {
 public:
  virtual ~SiteState() = default;
  // Nothing when nothing was ever saved.
  virtual Result<std::optional<json::Value>> load() = 0;
  // Durable when it returns; after a crash either the old or the new document is there, whole.
  virtual Result<void> save(const json::Value& document) = 0;
};

// In one file. Both the files and the folder that the path is in outlive it.
class FileSiteState final : public SiteState {
 public:
  FileSiteState(io::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  Result<std::optional<json::Value>> load() override;
  Result<void> save(const json::Value& document) override;

 private:
  io::Files& files_;
  std::string path_;
};

}  // namespace farholm::driver::kubernetes
