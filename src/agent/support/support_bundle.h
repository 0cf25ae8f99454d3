// The support bundle: a handful of text files that tell a stranger how a box is and came to be so. It is
// gathered with whatever still works, no hub needed; what cannot be had is a file that says why. Bounded. No
// key of this host or its site is in it: every string that its secret files hold is taken out wherever it
// appears. One thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/state_folder.h"
#include "base/log.h"
#include "driver/docker/engine.h"
#include "io/world.h"
#include "json/json.h"

namespace farholm::agent {

// Of each file; of a longer one the end is kept.
inline constexpr std::size_t kSupportFileBytesMax = 512 << 10;
inline constexpr std::size_t kSupportContainersMax = 32;

struct SupportSources {
  StateFolder state;
  std::string sysroot;                       // as AgentOptions has it
  driver::docker::Engine* engine = nullptr;  // may be absent, or not answer
};

// Takes half a minute at most, more only of a slow disk. `log` hears what is looked at.
io::Task<std::vector<driver::docker::ArchiveFile>> gather_support_files(io::World world, Logger log,
                                                                        SupportSources sources);
// The same as a tar archive.
io::Task<Result<std::string>> make_support_bundle(io::World world, Logger log, SupportSources sources);

// What holds secrets here, and texts without them. Pure.
class Redactor {
 public:
  // Private keys in it, and every member that is named after a key, a token, a secret or a password, are
  // secret from now on.
  void learn(const json::Value& document);
  // Also without whatever looks like a private key or a token of kubeadm.
  std::string redact(std::string text) const;

 private:
  void learn_text(std::string_view text);
  std::set<std::string> secrets_;
};

}  // namespace farholm::agent
