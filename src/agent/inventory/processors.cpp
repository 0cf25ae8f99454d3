#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

// A processor takes about 1.5 KiB there; the kernel knows at most 8192.
constexpr std::uint64_t kCpuinfoBytesMax = 16 << 20;
constexpr std::size_t kProcessorsMax = 8192;
constexpr std::size_t kFlagsMax = 512;

// What decides which software runs, and how fast it encrypts; not the two hundred others.
constexpr std::array<std::string_view, 24> kFlagsThatMatter{
    "aes",  "amx_tile", "asimd",  "atomics", "avx",   "avx2",   "avx512f", "crc32",
    "fma",  "lm",       "neon",   "nx",      "pmull", "popcnt", "rdrand",  "sgx",
    "sha2", "sha_ni",   "sse4_2", "sve",     "svm",   "vaes",   "vmx",     "vpclmulqdq"};

std::string architecture_of(const Sysroot& sysroot, const Processors& processors,
                            std::string_view arm_architecture, std::string_view isa) {
  // Since Linux 6.1.
  if (auto word = sysroot.text("/proc/sys/kernel/arch")) return *word;
  if (processors.has("lm")) return "x86_64";
  if (processors.has("fpu") && processors.has("tsc")) return "i686";
  if (arm_architecture.starts_with("8") || arm_architecture == "AArch64") return "aarch64";
  if (arm_architecture.starts_with("7")) return "armv7l";
  if (isa.starts_with("rv64")) return "riscv64";
  return "";
}

struct Core {
  std::int64_t package = 0;
  std::int64_t core = 0;
  bool operator<(const Core& other) const {
    return std::pair(package, core) < std::pair(other.package, other.core);
  }
};

// Sysfs has it for every architecture, cpuinfo only for x86.
std::set<Core> cores_in_sysfs(const Sysroot& sysroot) {
  std::set<Core> cores;
  const std::string folder = "/sys/devices/system/cpu";
  for (const auto& name : sysroot.names(folder, kProcessorsMax)) {
    if (!name.starts_with("cpu") || !parse_number(std::string_view(name).substr(3))) continue;
    const std::string topology = folder + "/" + name + "/topology/";
    const auto core = sysroot.number(topology + "core_id");
    if (!core) continue;
    cores.insert({.package = sysroot.number(topology + "physical_package_id").value_or(0), .core = *core});
  }
  return cores;
}

bool has_all(const Processors& processors, std::initializer_list<std::string_view> flags) {
  return std::ranges::all_of(flags, [&](std::string_view flag) { return processors.has(flag); });
}

// The levels of the x86-64 psABI: distributions begin to ask for the second and the third.
std::int64_t x86_64_level(const Processors& processors) {
  if (!has_all(processors, {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"})) return 1;
  if (!has_all(processors, {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"})) return 2;
  if (!has_all(processors, {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})) return 3;
  return 4;
}

}  // namespace

bool Processors::has(std::string_view flag) const {
  return std::ranges::binary_search(flags, flag);
}

Processors read_processors(const Sysroot& sysroot) {
  Processors processors;
  std::set<Core> cores;
  Core core;
  bool core_known = false;
  std::string arm_architecture;
  std::string isa;
  const auto end_of_processor = [&] {
    if (std::exchange(core_known, false) && cores.size() < kProcessorsMax) cores.insert(core);
    core = {};
  };
  const auto first = [](std::string& into, std::string_view value) {
    if (into.empty()) into = clean(value);
  };
  each_line(sysroot.file("/proc/cpuinfo", kCpuinfoBytesMax).value_or(""), [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto name = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (name == "processor") {
      end_of_processor();
      if (parse_number(value)) ++processors.count;
    } else if (name == "vendor_id") {
      first(processors.vendor, value);
    } else if (name == "model name" || name == "uarch" || name == "cpu model") {
      first(processors.model, value);
    } else if (name == "physical id") {
      core.package = parse_number(value).value_or(0);
    } else if (name == "core id") {
      core.core = parse_number(value).value_or(0);
      core_known = parse_number(value).has_value();
    } else if (name == "CPU architecture") {
      first(arm_architecture, value);
    } else if (name == "isa") {
      first(isa, value);
    } else if ((name == "flags" || name == "Features") && processors.flags.empty()) {
      for (auto rest = value; !rest.empty() && processors.flags.size() < kFlagsMax;) {
        const auto space = rest.find(' ');
        if (space != 0) processors.flags.push_back(clean(rest.substr(0, space)));
        rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
      }
      std::ranges::sort(processors.flags);
    }
  });
  end_of_processor();
  if (auto found = cores_in_sysfs(sysroot); !found.empty()) cores = std::move(found);
  std::set<std::int64_t> packages;
  for (const auto& each : cores) packages.insert(each.package);
  processors.sockets = static_cast<std::int64_t>(packages.size());
  processors.cores = static_cast<std::int64_t>(cores.size());
  processors.architecture = architecture_of(sysroot, processors, arm_architecture, isa);
  return processors;
}

json::Value describe(const Processors& processors) {
  json::Value cpu = json::Value::object();
  const auto put_text = [&](const char* member, const std::string& value) {
    if (!value.empty()) cpu[member] = value;
  };
  const auto put_count = [&](const char* member, std::int64_t value) {
    if (value > 0) cpu[member] = value;
  };
  put_text("architecture", processors.architecture);
  put_text("vendor", processors.vendor);
  put_text("model", processors.model);
  put_count("count", processors.count);
  put_count("sockets", processors.sockets);
  put_count("cores", processors.cores);
  if (processors.cores > 0 && processors.count % processors.cores == 0) {
    put_count("threadsPerCore", processors.count / processors.cores);
  }
  if (processors.architecture == "x86_64") cpu["x86_64Level"] = x86_64_level(processors);
  json::Value flags = json::Value::array();
  for (const auto flag : kFlagsThatMatter) {
    if (processors.has(flag)) flags.push_back(flag);
  }
  put_all(cpu, "flags", std::move(flags));
  return cpu;
}

}  // namespace farholm::agent::inventory
