// How a status document goes up the link: as merge patches against what the hub acknowledged last, one at a
// time. The two halves of that, pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "json/json.h"

namespace farholm::link {

// "sha256:…" over the canonical text.
std::string status_digest(const json::Value& status);

// The RFC 7386 patch that turns `before` into `after`; both are objects without null members.
json::Value make_merge_patch(const json::Value& before, const json::Value& after);

class StatusSender {
 public:
  // The newest status. Replaces one that has not been sent yet.
  void update(json::Value status) { newest_ = std::move(status); }
  // What the hub said that it has, at the beginning of a connection: "" for nothing.
  void connected(const std::string& hub_digest);
  // The body of the next status frame, or nothing when the hub has the newest or one is under way.
  std::optional<json::Value> next();
  // Of an acknowledge frame; one without the digest that we expect makes the next frame whole.
  void acknowledged(std::int64_t sequence, const std::string& digest);

  std::string newest_digest() const { return newest_ ? status_digest(*newest_) : std::string(); }

 private:
  std::optional<json::Value> newest_;
  std::optional<json::Value> confirmed_;  // what the hub has, as far as we know
  std::optional<json::Value> under_way_;
  std::int64_t sequence_ = 0;
};

class StatusReceiver {
 public:
  // `known`: what the store has of this host, or null.
  explicit StatusReceiver(json::Value known) : status_(std::move(known)) {}

  std::string digest() const { return status_.is_null() ? std::string() : status_digest(status_); }
  // Takes a status frame. True when the status is now `status()`; false when its base is another than ours:
  // acknowledge without a digest then. BadRequest for what is no status frame.
  Result<bool> take(const json::Value& body);
  const json::Value& status() const { return status_; }

 private:
  json::Value status_;
};

}  // namespace farholm::link
