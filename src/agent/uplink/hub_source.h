// HubSource: the hub as a source of content: HTTPS by digest, with ranges. Not trusted, as no source is. One
// thread.
#pragma once

#include "agent/uplink/hub_client.h"
#include "content/blob_source.h"

namespace farholm::agent {

class HubSource final : public content::BlobSource {
 public:
  explicit HubSource(const io::World& world) : loop_(world.loop) {}
  // Until the host has paired there is nobody to ask: null. It outlives what is fetched meanwhile.
  void set_client(HubClient* client) { client_ = client; }

  std::string name() const override { return "the hub"; }
  io::Task<Result<std::unique_ptr<content::BlobPieces>>> fetch(crypto::Digest digest,
                                                               std::uint64_t offset) override;
  io::Task<Result<std::string>> fetch_signature(crypto::Digest bundle) override;

 private:
  io::Loop& loop_;
  HubClient* client_ = nullptr;
};

}  // namespace farholm::agent
