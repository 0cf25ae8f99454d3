// The world that a program runs in: what `main` (or a simulation) makes and hands down. References only;
// whoever made the parts outlives whoever uses them.
#pragma once

#include "io/clock.h"
#include "io/entropy.h"
#include "io/files.h"
#include "io/loop.h"
#include "io/process.h"
#include "io/secure_channel.h"
#include "io/stream.h"

namespace farholm::io {

struct World {
  Loop& loop;
  Clock& clock;
  Entropy& entropy;
  Files& files;
  Network& network;
  Processes& processes;
  SecureChannels& secure;
};

// The same world by another clock.
inline World with_clock(const World& world, Clock& clock) {
  return {.loop = world.loop,
          .clock = clock,
          .entropy = world.entropy,
          .files = world.files,
          .network = world.network,
          .processes = world.processes,
          .secure = world.secure};
}

}  // namespace farholm::io
