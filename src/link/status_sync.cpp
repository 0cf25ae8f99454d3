#include "link/status_sync.h"

#include "crypto/digest.h"

namespace farholm::link {

std::string status_digest(const json::Value& status) {
  return crypto::Digest::of(json::to_text(status)).to_string();
}

json::Value make_merge_patch(const json::Value& before, const json::Value& after) {
  json::Value patch = json::Value::object();
  for (const auto& [name, value] : before.items()) {
    if (!after.contains(name)) patch[name] = nullptr;
  }
  for (const auto& [name, value] : after.items()) {
    const auto* old = json::find(before, name);
    if (old != nullptr && *old == value) continue;
    patch[name] =
        old != nullptr && old->is_object() && value.is_object() ? make_merge_patch(*old, value) : value;
  }
  return patch;
}

void StatusSender::connected(const std::string& hub_digest) {
  under_way_.reset();
  if (newest_ && hub_digest == status_digest(*newest_)) {
    confirmed_ = newest_;
  } else if (!confirmed_ || hub_digest != status_digest(*confirmed_)) {
    confirmed_.reset();
  }
}

std::optional<json::Value> StatusSender::next() {
  if (!newest_ || under_way_ || newest_ == confirmed_) return std::nullopt;
  under_way_ = newest_;
  json::Value body{{"sequence", ++sequence_}};
  if (confirmed_) {
    body["base"] = status_digest(*confirmed_);
    body["patch"] = make_merge_patch(*confirmed_, *newest_);
  } else {
    body["patch"] = *newest_;
  }
  return body;
}

void StatusSender::acknowledged(std::int64_t sequence, const std::string& digest) {
  if (!under_way_ || sequence != sequence_) return;
  if (digest == status_digest(*under_way_)) {
    confirmed_ = std::move(under_way_);
  } else {
    confirmed_.reset();
  }
  under_way_.reset();
}

Result<bool> StatusReceiver::take(const json::Value& body) {
  FARHOLM_TRY(const auto* patch, json::require_object(body, "patch"));
  const auto* base = json::find_string(body, "base");
  if (base != nullptr && *base != digest()) return false;
  if (base == nullptr) status_ = json::Value::object();
  json::apply_merge_patch(status_, *patch);
  return true;
}

}  // namespace farholm::link
