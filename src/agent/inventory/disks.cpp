#include <array>

#include "agent/inventory/parts.h"

namespace farholm::agent::inventory {
namespace {

constexpr std::size_t kBlockDevicesMax = 4096;
constexpr std::size_t kDisksMax = 64;
constexpr std::int64_t kSectorBytes = 512;                   // sysfs counts in these, whatever the disk does
constexpr std::int64_t kSectorsMax = std::int64_t{1} << 53;  // beyond any disk; keeps sums in range
constexpr std::int64_t kScsiDirectAccess = 0;                // SPC: peripheral device types
constexpr std::int64_t kScsiZonedBlock = 0x14;

// Pages of a disk's identity (SPC-4 §7.8.15): four bytes of header, then the serial number.
std::optional<std::string> unit_serial_number(const Sysroot& sysroot, const std::string& path) {
  constexpr std::size_t kHeaderBytes = 4;
  const auto page = sysroot.file(path, kValueFileBytesMax);
  if (!page || page->size() <= kHeaderBytes) return std::nullopt;
  auto serial = clean(std::string_view(*page).substr(kHeaderBytes));
  if (serial.empty()) return std::nullopt;
  return serial;
}

// How it is attached, from where sysfs keeps it: "../devices/pci0000:00/0000:00:17.0/ata2/host1/…".
std::optional<std::string> transport(const Sysroot& sysroot, const std::string& folder,
                                     std::string_view name) {
  if (name.starts_with("nvme")) return "nvme";
  if (name.starts_with("mmcblk")) return "mmc";
  const auto target = sysroot.link(folder);
  if (!target) return std::nullopt;
  struct Mark {
    std::string_view part;
    const char* name;
  };
  constexpr std::array<Mark, 4> kMarks{
      {{"/usb", "usb"}, {"/ata", "sata"}, {"/virtio", "virtio"}, {"/host", "scsi"}}};
  for (const auto& mark : kMarks) {
    if (target->find(mark.part) != std::string::npos) return mark.name;
  }
  return std::nullopt;
}

// Not what is only a view of another (partitions of a flash chip, a path of an NVMe disk), made by software
// (device mapper, RAID, loop devices), or a drive for media that nobody installs on.
bool is_disk(const Sysroot& sysroot, const std::string& folder, std::string_view name) {
  if (!sysroot.exists(folder + "/device") || sysroot.flag(folder + "/hidden").value_or(false)) return false;
  if (name.starts_with("sr") || name.starts_with("fd")) return false;
  if (name.starts_with("mmcblk") &&
      (name.find("boot") != std::string_view::npos || name.find("rpmb") != std::string_view::npos)) {
    return false;
  }
  if (!name.starts_with("sd")) return true;
  const auto type = sysroot.number(folder + "/device/type");
  return !type || *type == kScsiDirectAccess || *type == kScsiZonedBlock;
}

}  // namespace

json::Value read_disks(const Sysroot& sysroot) {
  json::Value disks = json::Value::array();
  for (const auto& name : sysroot.names("/sys/block", kBlockDevicesMax)) {
    if (disks.size() == kDisksMax) break;
    const std::string folder = "/sys/block/" + name;
    const auto sectors = sysroot.number(folder + "/size");
    if (!sectors || *sectors <= 0 || *sectors > kSectorsMax / kSectorBytes) continue;
    if (!is_disk(sysroot, folder, name)) continue;
    json::Value disk = {{"name", clean(name)}, {"sizeBytes", *sectors * kSectorBytes}};
    auto vendor = sysroot.text(folder + "/device/vendor");
    // "ATA" is the translation layer's, and "0x1af4" the PCI vendor of a virtio disk.
    if (vendor && *vendor != "ATA" && !vendor->starts_with("0x")) put(disk, "vendor", std::move(vendor));
    auto model = sysroot.text(folder + "/device/model");
    if (!model) model = sysroot.text(folder + "/device/name");
    put(disk, "model", std::move(model));
    auto serial = sysroot.text(folder + "/device/serial");
    if (!serial) serial = sysroot.text(folder + "/serial");
    if (!serial) serial = unit_serial_number(sysroot, folder + "/device/vpd_pg80");
    put(disk, "serial", std::move(serial));
    put(disk, "transport", transport(sysroot, folder, name));
    put(disk, "rotational", sysroot.flag(folder + "/queue/rotational"));
    put(disk, "removable", sysroot.flag(folder + "/removable"));
    disks.push_back(std::move(disk));
  }
  return disks;
}

}  // namespace farholm::agent::inventory
