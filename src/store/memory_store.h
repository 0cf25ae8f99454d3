// A store that forgets everything when it goes: for tests and for what need not last. Same contract, same
// code as the durable one but for the log. One thread.
#pragma once

#include <memory>

#include "io/loop.h"
#include "store/store.h"

namespace farholm::store {

// The loop outlives it.
std::unique_ptr<Store> make_memory_store(io::Loop& loop);

}  // namespace farholm::store
