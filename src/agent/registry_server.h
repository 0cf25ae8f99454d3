// RegistryServer: the site's images for Docker Engine and the nodes, read-only, over the OCI distribution
// protocol. It runs in a process of its own, so that images can be pulled while the agent restarts, and reads
// nothing but the content store and the catalog file that the agent writes. One thread.
#pragma once

#include <string>

#include "agent/state_folder.h"
#include "base/log.h"
#include "content/blob_store.h"
#include "content/registry.h"
#include "io/world.h"
#include "net/server.h"

namespace farholm::agent {

class RegistryServer final : private net::HttpHandler {
 public:
  RegistryServer(const io::World& world, Logger log, StateFolder state);

  // Until it is dropped. May be called for several listeners.
  io::Task<void> serve(io::Listener& listener) { return server_.serve(listener); }

 private:
  io::Task<void> handle(net::Exchange& exchange) override;
  // Read again when the file has changed.
  Result<const content::RegistryCatalog*> catalog();

  io::World world_;
  content::BlobStore store_;
  StateFolder state_;
  content::RegistryCatalog catalog_;
  io::WallTime catalog_modified_;
  net::HttpServer server_;
};

}  // namespace farholm::agent
