#include "agent/content_layers.h"

#include <fmt/format.h>

#include "profile/layer_blob.h"
#include "profile/layer_diff.h"
#include "trust/sealed_value.h"

namespace farholm::agent {
namespace {

constexpr std::uint64_t kLayerBlobBytesMax = 4 << 20;
constexpr std::uint64_t kSealedBytesMax = 64 << 10;
constexpr std::uint64_t kCatalogBytesMax = 16 << 20;
constexpr std::size_t kContentProblemsMax = 16;

}  // namespace

Result<profile::LayerContent> ContentLayers::content_of(const profile::PlanLayer& layer) {
  FARHOLM_TRY(const auto digest, content::Digest::parse(layer.blob));
  FARHOLM_TRY(const auto bytes, parts_.store.read(digest, kLayerBlobBytesMax));
  return profile::parse_layer_blob(layer, bytes);
}

std::vector<std::string> ContentLayers::envelopes_of(const profile::SitePlan& plan,
                                                     const profile::PlanLayer& layer) const {
  std::vector<std::string> digests;
  for (const auto& name : layer.variables) {
    const auto sealed = plan.sealed.find(name);
    if (sealed == plan.sealed.end()) continue;
    const auto envelope = sealed->second.envelopes.find(host_uid_);
    if (envelope != sealed->second.envelopes.end()) digests.push_back(envelope->second);
  }
  return digests;
}

Result<std::vector<std::string>> ContentLayers::missing(const profile::SitePlan& plan,
                                                        const profile::PlanLayer& layer) {
  FARHOLM_TRY(const auto digest, content::Digest::parse(layer.blob));
  FARHOLM_TRY(const auto found, parts_.store.find(digest));
  if (!found) return std::vector{layer.blob};
  std::vector<std::string> absent;
  for (const auto& envelope : envelopes_of(plan, layer)) {
    FARHOLM_TRY(const auto envelope_digest, content::Digest::parse(envelope));
    FARHOLM_TRY(const auto there, parts_.store.find(envelope_digest));
    if (!there) absent.push_back(envelope);
  }
  FARHOLM_TRY(const auto parsed, content_of(layer));
  for (const auto& needed : parsed.bundles) {
    const auto complete = bundle(needed);
    if (complete) continue;
    if (complete.error().code != ErrorCode::NotFound) return std::unexpected(complete.error());
    absent.push_back(needed);
  }
  return absent;
}

Result<const content::Bundle*> ContentLayers::bundle(const std::string& text) {
  if (const auto known = bundles_.find(text); known != bundles_.end()) return &known->second;
  FARHOLM_TRY(const auto digest, content::Digest::parse(text));
  FARHOLM_TRY(auto opened, content::open_bundle(parts_.root, parts_.store, digest));
  return &bundles_.emplace(text, std::move(opened)).first->second;
}

content::Fetcher ContentLayers::fetcher(driver::Progress progress) {
  return {.loop = parts_.world.loop,
          .store = parts_.store,
          .sources = sources_,
          .report =
              [this](const content::SourceProblem& problem) {
                auto sentence = fmt::format("{} gave no good {}: {}", problem.source,
                                            problem.digest.to_string(), problem.error.to_string());
                parts_.log.warning("{}", sentence);
                if (problem.error.code == ErrorCode::NotFound) return;
                std::erase(problems_, sentence);
                if (problems_.size() >= kContentProblemsMax) problems_.erase(problems_.begin());
                problems_.push_back(std::move(sentence));
              },
          .progress =
              [progress = std::move(progress), total = std::uint64_t{0},
               told = std::uint64_t{0}](std::uint64_t bytes) mutable {
                total += bytes;
                constexpr std::uint64_t kStep = 16 << 20;
                if (total / kStep == told) return;
                told = total / kStep;
                progress(fmt::format("fetching content: {} MiB", total >> 20));
              }};
}

io::Task<Result<void>> ContentLayers::fetch(const profile::SitePlan& plan, driver::Progress progress) {
  progress("fetching content");
  Result<void> outcome;
  for (const auto& layer : plan.layers) {
    auto fetched = co_await fetch_layer(plan, layer, progress);
    if (fetched) continue;
    if (outcome) outcome = std::move(fetched);
    // What nobody has, or what is not to be trusted, is one layer's own trouble; any other is everybody's.
    const auto code = outcome.error().code;
    if (code != ErrorCode::NotFound && code != ErrorCode::Invalid) break;
  }
  co_return outcome;
}

io::Task<Result<void>> ContentLayers::fetch_layer(const profile::SitePlan& plan,
                                                  const profile::PlanLayer& layer,
                                                  const driver::Progress& progress) {
  const auto from = fetcher(progress);
  FARHOLM_CO_TRY(const auto digest, content::Digest::parse(layer.blob));
  FARHOLM_CO_CHECK(co_await content::fetch_blob(
      from, {.digest = digest, .size_bytes = layer.size_bytes, .limit_bytes = kLayerBlobBytesMax}));
  for (const auto& envelope : envelopes_of(plan, layer)) {
    FARHOLM_CO_TRY(const auto envelope_digest, content::Digest::parse(envelope));
    FARHOLM_CO_CHECK(co_await content::fetch_blob(
        from, {.digest = envelope_digest, .size_bytes = std::nullopt, .limit_bytes = kSealedBytesMax}));
  }
  FARHOLM_CO_TRY(const auto parsed, content_of(layer));
  for (const auto& needed : parsed.bundles) {
    if (bundle(needed)) continue;
    FARHOLM_CO_TRY(const auto bundle_digest, content::Digest::parse(needed));
    progress(fmt::format("fetching what layer {} needs", layer.name));
    FARHOLM_CO_CHECK(co_await content::fetch_bundle(from, parts_.root, bundle_digest));
  }
  co_return Result<void>();
}

io::Task<Result<std::string>> ContentLayers::fetch_small(const std::string& text, std::uint64_t limit_bytes) {
  FARHOLM_CO_TRY(const auto digest, content::Digest::parse(text));
  const auto from = fetcher([](std::string_view) {});
  FARHOLM_CO_CHECK(co_await content::fetch_blob(
      from, {.digest = digest, .size_bytes = std::nullopt, .limit_bytes = limit_bytes}));
  co_return parts_.store.read(digest, limit_bytes);
}

Result<profile::Values> ContentLayers::open_secrets(const profile::SitePlan& plan,
                                                    const profile::PlanLayer& layer) {
  profile::Values secrets;
  for (const auto& name : layer.variables) {
    const auto sealed = plan.sealed.find(name);
    if (sealed == plan.sealed.end()) continue;
    const auto envelope = sealed->second.envelopes.find(host_uid_);
    if (envelope == sealed->second.envelopes.end()) {
      return fail(
          ErrorCode::Invalid,
          fmt::format("the value of {} was not sealed to this host: was the host added to the site?", name));
    }
    FARHOLM_TRY(const auto digest, content::Digest::parse(envelope->second));
    FARHOLM_TRY(const auto blob, parts_.store.read(digest, kSealedBytesMax));
    FARHOLM_TRY(
        const auto opened,
        trust::open_value(parts_.identity.sealing,
                          {.site = plan.site_uid, .name = name, .version = sealed->second.version}, blob));
    FARHOLM_TRY(secrets[name], json::parse(opened));
  }
  return secrets;
}

Result<driver::Layer> ContentLayers::load(const profile::SitePlan& plan, const profile::PlanLayer& layer) {
  FARHOLM_TRY(const auto parsed, content_of(layer));
  FARHOLM_TRY(const auto secrets, open_secrets(plan, layer));
  FARHOLM_TRY(auto spec, profile::resolve_layer(plan, layer, parsed, secrets));
  return driver::Layer{.name = layer.name,
                       .type = layer.type,
                       .fingerprint = profile::layer_fingerprint(plan, layer),
                       .spec = std::move(spec)};
}

Result<std::set<std::string>> ContentLayers::disrupted(const profile::SitePlan& before,
                                                       const profile::SitePlan& after) {
  profile::DiffSide sides[] = {{.plan = &before, .blobs = {}}, {.plan = &after, .blobs = {}}};
  for (auto& side : sides) {
    for (const auto& layer : side.plan->layers) {
      FARHOLM_TRY(const auto content, content_of(layer));
      side.blobs.emplace(layer.blob, content.spec);
    }
  }
  FARHOLM_TRY(const auto layers, profile::diff(sides[0], sides[1]));
  std::set<std::string> names;
  for (const auto& layer : layers)
    if (layer.change == profile::Change::Changed && layer.effect >= profile::Effect::Restart)
      names.insert(layer.name);
  return names;
}

Result<void> ContentLayers::serve(const std::vector<const profile::SitePlan*>& plans) {
  json::Value images = json::Value::object();
  std::set<std::string> blobs;
  for (const auto* plan : plans) {
    for (const auto& layer : plan->layers) {
      const auto content = content_of(layer);
      if (!content) continue;  // not here yet
      for (const auto& digest : content->bundles) {
        const auto complete = bundle(digest);
        if (!complete) continue;
        for (const auto& [reference, image] : (*complete)->images) images[reference] = image.to_string();
        for (const auto& blob : (*complete)->blobs) blobs.insert(blob.digest.to_string());
      }
    }
  }
  const std::string text = json::to_text({{"images", std::move(images)}, {"blobs", blobs}});
  FARHOLM_TRY(const auto before,
              io::read_file_if_exists(parts_.world.files, parts_.catalog_path, kCatalogBytesMax));
  if (before == text) return {};
  return io::write_file_atomically(parts_.world.files, parts_.catalog_path, text);
}

Result<content::RegistryCatalog> read_catalog(io::Files& files, const std::string& path) {
  content::RegistryCatalog catalog;
  FARHOLM_TRY(const auto text, io::read_file_if_exists(files, path, kCatalogBytesMax));
  if (!text) return catalog;
  FARHOLM_TRY(const auto document, json::parse(*text, {.bytes_max = kCatalogBytesMax}));
  FARHOLM_TRY(const auto* images, json::require_object(document, "images"));
  for (const auto& [reference, digest] : images->items()) {
    FARHOLM_TRY(catalog.images[reference],
                content::Digest::parse(digest.is_string() ? digest.get<std::string>() : ""));
  }
  FARHOLM_TRY(const auto* blobs, json::require_array(document, "blobs"));
  for (const auto& digest : *blobs) {
    FARHOLM_TRY(auto parsed, content::Digest::parse(digest.is_string() ? digest.get<std::string>() : ""));
    catalog.blobs.insert(parsed);
  }
  return catalog;
}

}  // namespace farholm::agent
