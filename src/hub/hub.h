// Hub: everything that a hub is, put together: the store, content, the API, pairing, planning and the links,
// behind one TLS port. main gives it a world and options. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "hub/authority.h"
#include "hub/state_folder.h"
#include "io/world.h"
#include "store/store.h"

namespace farholm::hub {

inline constexpr std::string_view kVersion = "0.1.0";

struct HubOptions {
  AuthorityOptions authority;  // its state folder is the hub's
  io::Endpoint listen;
  std::vector<std::string> advertise;  // names and addresses of its certificate; the first is in kubeconfigs
  std::vector<std::string> bundle_folders;  // imported at start
};

class Hub {
 public:
  // Opens everything; serves nothing yet. Errors say what to do.
  static io::Task<Result<std::unique_ptr<Hub>>> open(const io::World& world, Logger log, HubOptions options);
  ~Hub();

  // Until it is dropped, or until the store fails (having said so in the log): then the process ends, and is
  // started again.
  io::Task<void> run();
  // Stops accepting, lets running requests end for at most `grace`; then drop run().
  io::Task<void> shutdown(io::Duration grace);

  io::Endpoint local() const;  // with the port that was chosen
  const Authority& authority() const;
  store::Store& store();

 private:
  class Implementation;
  explicit Hub(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace farholm::hub
