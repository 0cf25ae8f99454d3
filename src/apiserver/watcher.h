// Watcher: one watch, from its first event to its timeout, over one exchange. On the loop's thread.
#pragma once

#include <optional>
#include <string>

#include "apiserver/kinds.h"
#include "apiserver/options.h"
#include "apiserver/reader.h"
#include "apiserver/rendering.h"
#include "io/entropy.h"
#include "io/loop.h"
#include "net/exchange.h"

namespace farholm::apiserver {

// How long a watch lasts that names no timeout: this, and up to as much again (MinRequestTimeout).
inline constexpr std::chrono::seconds kWatchTimeoutMin(1800);
inline constexpr std::chrono::seconds kBookmarkInterval(60);

class Watcher {
 public:
  // All outlive the watcher.
  Watcher(io::Loop& loop, store::Store& store, Reader& reader, io::Entropy& entropy)
      : loop_(loop), store_(store), reader_(reader), entropy_(entropy) {}

  // Answers the exchange; an error says that nothing was answered yet.
  io::Task<object::Answer<void>> watch(net::Exchange& exchange, const ServedKind& kind,
                                       std::optional<std::string> name_space, ListOptions options,
                                       Representation form, object::IncludeObject include);

 private:
  struct Session;
  io::Task<Result<void>> send_initial(Session& session, const Reader::Listed& listed);
  io::Task<Result<void>> send_changes(Session& session, store::Watch& changes);
  Result<std::string> render_batch(Session& session, const std::vector<store::EventRef>& events) const;

  io::Loop& loop_;
  store::Store& store_;
  Reader& reader_;
  io::Entropy& entropy_;
};

}  // namespace farholm::apiserver
