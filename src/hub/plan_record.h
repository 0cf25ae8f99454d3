// PlanRecord: what the hub remembers of a site's newest plan, in the store beside the site; the plan itself
// is a blob. A plain value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "json/json.h"

namespace farholm::hub {

struct PlanRecord {
  std::string site_uid;
  std::int64_t epoch = 1;
  std::int64_t generation = 0;
  std::string payload;   // digest of what is signed: the plan's identity
  std::string envelope;  // digest of the signed envelope, which hosts fetch
  std::uint64_t size_bytes = 0;
  std::map<std::string, std::string> hosts;  // UID → the sealing key that secrets were sealed to
  bool operator==(const PlanRecord&) const = default;
};

inline json::Value to_json(const PlanRecord& record) {
  return {{"metadata", json::Value::object()}, {"siteUID", record.site_uid}, {"epoch", record.epoch},
          {"generation", record.generation},   {"payload", record.payload},  {"envelope", record.envelope},
          {"sizeBytes", record.size_bytes},    {"hosts", record.hosts}};
}

// Nothing for what is no record.
inline std::optional<PlanRecord> read_plan_record(const json::Value& value) {
  PlanRecord record{
      .site_uid = json::string_or(value, "siteUID"),
      .epoch = json::find_integer(value, "epoch").value_or(0),
      .generation = json::find_integer(value, "generation").value_or(0),
      .payload = json::string_or(value, "payload"),
      .envelope = json::string_or(value, "envelope"),
      .size_bytes = static_cast<std::uint64_t>(json::find_integer(value, "sizeBytes").value_or(0)),
      .hosts = {}};
  if (record.site_uid.empty() || record.envelope.empty()) return std::nullopt;
  if (const auto* hosts = json::find_object(value, "hosts"))
    for (const auto& [uid, key] : hosts->items())
      if (key.is_string()) record.hosts.emplace(uid, key.get<std::string>());
  return record;
}

}  // namespace farholm::hub
