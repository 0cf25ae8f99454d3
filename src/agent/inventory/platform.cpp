#include <fmt/format.h>

#include <array>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

const std::string kDmi = "/sys/class/dmi/id/";
const std::string kDeviceTree = "/proc/device-tree/";

std::optional<std::string> real_text(const Sysroot& sysroot, const std::string& path) {
  auto text = sysroot.text(path);
  if (!text || is_placeholder(*text)) return std::nullopt;
  return text;
}

// "05/26/2022" as ISO 8601; anything else as it is.
std::string iso_date(const std::string& date) {
  const bool american = date.size() == 10 && date[2] == '/' && date[5] == '/' &&
                        date.find_first_not_of("0123456789/") == std::string::npos;
  return american ? fmt::format("{}-{}-{}", date.substr(6), date.substr(0, 2), date.substr(3, 2)) : date;
}

struct Maker {
  std::string_view text;
  const char* hypervisor;
};
// What stands in sys_vendor, product_name or bios_vendor of virtual machines.
constexpr std::array<Maker, 16> kMakers{{{"QEMU", "qemu"},
                                         {"KVM", "kvm"},
                                         {"Amazon EC2", "amazon"},
                                         {"Google Compute Engine", "google"},
                                         {"OpenStack", "kvm"},
                                         {"VMware", "vmware"},
                                         {"VMW", "vmware"},
                                         {"innotek GmbH", "virtualbox"},
                                         {"VirtualBox", "virtualbox"},
                                         {"Virtual Machine", "microsoft"},
                                         {"Xen", "xen"},
                                         {"Bochs", "bochs"},
                                         {"Parallels", "parallels"},
                                         {"BHYVE", "bhyve"},
                                         {"Apple Virtualization", "apple"},
                                         {"Hetzner vServer", "kvm"}}};

std::optional<std::string> hypervisor_by_name(const Sysroot& sysroot) {
  for (const char* field : {"product_name", "sys_vendor", "board_vendor", "bios_vendor"}) {
    const auto text = sysroot.text(kDmi + field);
    if (!text) continue;
    for (const auto& maker : kMakers) {
      if (text->starts_with(maker.text)) return maker.hypervisor;
    }
  }
  if (auto type = sysroot.text("/sys/hypervisor/type")) return type;
  if (const auto compatible = sysroot.text(kDeviceTree + "hypervisor/compatible")) {
    return compatible->starts_with("linux,") ? compatible->substr(6) : *compatible;
  }
  return std::nullopt;
}

}  // namespace

json::Value read_system(const Sysroot& sysroot) {
  json::Value system = json::Value::object();
  auto vendor = real_text(sysroot, kDmi + "sys_vendor");
  auto product = real_text(sysroot, kDmi + "product_name");
  // Boards that are sold without a case name themselves only as boards.
  if (!vendor) vendor = real_text(sysroot, kDmi + "board_vendor");
  if (!product) product = real_text(sysroot, kDmi + "board_name");
  if (!product) product = real_text(sysroot, kDeviceTree + "model");
  auto serial = real_text(sysroot, kDmi + "product_serial");
  if (!serial) serial = real_text(sysroot, kDeviceTree + "serial-number");
  put(system, "vendor", std::move(vendor));
  put(system, "product", std::move(product));
  put(system, "version", real_text(sysroot, kDmi + "product_version"));
  put(system, "family", real_text(sysroot, kDmi + "product_family"));
  put(system, "sku", real_text(sysroot, kDmi + "product_sku"));
  put(system, "serial", std::move(serial));
  put(system, "uuid", real_text(sysroot, kDmi + "product_uuid"));
  put(system, "board", real_text(sysroot, kDmi + "board_name"));
  // SMBIOS 3.1, table 17; its highest bit says that there is a lock.
  const auto chassis = sysroot.number(kDmi + "chassis_type");
  if (chassis && *chassis > 0 && *chassis <= 0xFF) system["chassisType"] = *chassis & 0x7F;
  return system;
}

json::Value read_firmware(const Sysroot& sysroot) {
  json::Value firmware = json::Value::object();
  if (sysroot.exists("/sys/firmware/efi")) {
    firmware["type"] = "UEFI";
    // UEFI §3.3: four bytes of attributes (efivarfs), then one that is 1 when it is on.
    const auto secure_boot = sysroot.file(
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", kValueFileBytesMax);
    if (secure_boot && secure_boot->size() == 5 && static_cast<unsigned char>(secure_boot->back()) <= 1) {
      firmware["secureBoot"] = secure_boot->back() == 1;
    }
  } else if (sysroot.exists(kDmi + "bios_version")) {
    firmware["type"] = "BIOS";
  } else if (sysroot.exists(kDeviceTree + "model")) {
    firmware["type"] = "DeviceTree";
  }
  put(firmware, "vendor", real_text(sysroot, kDmi + "bios_vendor"));
  put(firmware, "version", real_text(sysroot, kDmi + "bios_version"));
  if (const auto date = real_text(sysroot, kDmi + "bios_date")) firmware["date"] = iso_date(*date);
  return firmware;
}

json::Value read_tpm(const Sysroot& sysroot) {
  json::Value tpm = json::Value::object();
  const std::string folder = "/sys/class/tpm/tpm0";
  if (!sysroot.exists(folder)) return tpm;
  tpm["present"] = true;
  // Since Linux 5.6; before, only TPM 1.2 tells its capabilities.
  const auto major = sysroot.number(folder + "/tpm_version_major");
  if (major == 2) tpm["version"] = "2.0";
  if (major == 1 || (!major && sysroot.exists(folder + "/device/caps"))) tpm["version"] = "1.2";
  put(tpm, "description", real_text(sysroot, folder + "/device/description"));
  return tpm;
}

json::Value read_virtualization(const Sysroot& sysroot, const Processors& processors) {
  json::Value virtualization = json::Value::object();
  auto hypervisor = hypervisor_by_name(sysroot);
  const bool guest = hypervisor.has_value() || processors.has("hypervisor");
  if (processors.count > 0) virtualization["guest"] = guest;
  put(virtualization, "hypervisor", std::move(hypervisor));
  put(virtualization, "container", sysroot.text("/run/systemd/container"));
  // Whether it can run virtual machines of its own.
  virtualization["kvm"] = sysroot.exists("/dev/kvm");
  return virtualization;
}

}  // namespace farholm::agent::inventory
