// The inventory of a machine: processors, memory, disks, network cards, PCI devices, TPM, firmware, DMI,
// virtualization, kernel, OS. The format is docs/formats/inventory.md; the hub keeps it as
// EdgeHost.status.inventory and takes `addresses` and `capacity` from it. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/files.h"
#include "json/json.h"

namespace farholm::agent {

// Reads below `sysroot` ("" for the machine itself, else without a slash at the end). What is missing,
// unreadable or nonsense is absent; the same files give the same value. NotFound only when there is no such
// sysroot.
Result<json::Value> read_inventory(io::Files& files, const std::string& sysroot);

// A screen of text of what read_inventory made, for a person at the machine; lenient towards inventories of
// other versions.
std::string inventory_as_text(const json::Value& inventory);

}  // namespace farholm::agent
