// ContentLayers: the LayerSource of a real agent. Layers and bundles come from the content-addressed store,
// which is filled from the agent's sources; nothing is taken that the publisher did not sign or whose digest
// is wrong. Also writes down what the site's registry may serve. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/identity.h"
#include "agent/layer_source.h"
#include "base/log.h"
#include "content/blob_store.h"
#include "content/bundle.h"
#include "content/fetch.h"
#include "content/registry.h"
#include "io/world.h"
#include "profile/layer_blob.h"
#include "profile/substitution.h"
#include "trust/root.h"

namespace farholm::agent {

class ContentLayers final : public LayerSource {
 public:
  struct Parts {
    io::World world;
    Logger log;
    const trust::Root& root;
    const Identity& identity;
    content::BlobStore& store;
    std::string catalog_path;  // for the registry: images.json
  };
  explicit ContentLayers(Parts parts) : parts_(std::move(parts)) {}

  // In the order in which they are asked; they outlive this. Replaces those before.
  void set_sources(std::vector<content::BlobSource*> sources) { sources_ = std::move(sources); }
  // As whom sealed values were sealed to us.
  void set_host_uid(std::string uid) { host_uid_ = std::move(uid); }
  // Sentences about sources that gave something wrong, the newest last; bounded.
  const std::vector<std::string>& problems() const { return problems_; }

  Result<std::vector<std::string>> missing(const profile::SitePlan& plan,
                                           const profile::PlanLayer& layer) override;
  io::Task<Result<void>> fetch(const profile::SitePlan& plan, driver::Progress progress) override;
  // Writes the catalog, for the registry's process.
  Result<void> serve(const std::vector<const profile::SitePlan*>& plans) override;
  Result<driver::Layer> load(const profile::SitePlan& plan, const profile::PlanLayer& layer) override;
  Result<std::set<std::string>> disrupted(const profile::SitePlan& before,
                                          const profile::SitePlan& after) override;

  // A bundle that is complete here; NotFound else. Lives as long as this.
  Result<const content::Bundle*> bundle(const std::string& digest);
  // The plan's envelope, by its digest, from the sources.
  io::Task<Result<std::string>> fetch_small(const std::string& digest, std::uint64_t limit_bytes);

 private:
  Result<profile::LayerContent> content_of(const profile::PlanLayer& layer);
  Result<profile::Values> open_secrets(const profile::SitePlan& plan, const profile::PlanLayer& layer);
  std::vector<std::string> envelopes_of(const profile::SitePlan& plan, const profile::PlanLayer& layer) const;
  io::Task<Result<void>> fetch_layer(const profile::SitePlan& plan, const profile::PlanLayer& layer,
                                     const driver::Progress& progress);
  content::Fetcher fetcher(driver::Progress progress);

  Parts parts_;
  std::vector<content::BlobSource*> sources_;
  std::string host_uid_;
  std::map<std::string, content::Bundle> bundles_;  // those found complete, by digest
  std::vector<std::string> problems_;
};

// What serve() wrote, for the registry's process; an absent file is an empty catalog.
Result<content::RegistryCatalog> read_catalog(io::Files& files, const std::string& path);

}  // namespace farholm::agent
