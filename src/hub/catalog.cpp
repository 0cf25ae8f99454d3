#include "hub/catalog.h"

#include <algorithm>

#include "content/bundle.h"
#include "content/layout_source.h"
#include "json/json.h"

namespace farholm::hub {
namespace {

constexpr std::uint64_t kFileBytesMax = 4 << 20;

profile::Bundle as_profile_bundle(content::Bundle bundle) {
  profile::Bundle made{.digest = bundle.digest.to_string(),
                       .name = std::move(bundle.name),
                       .manifests = std::move(bundle.objects),
                       .images = {}};
  for (const auto& [reference, digest] : bundle.images) made.images.emplace(reference, digest.to_string());
  return made;
}

}  // namespace

Result<void> Catalog::load() {
  FARHOLM_TRY(const auto text, io::read_file_if_exists(parts_.world.files, parts_.path, kFileBytesMax));
  if (!text) return {};
  auto document = json::parse(*text);
  if (!document || !document->is_array()) {
    return fail(ErrorCode::Invalid, parts_.path +
                                        " cannot be read: remove it and give the bundles again with "
                                        "--bundle");
  }
  for (const auto& item : *document) {
    if (!item.is_string()) continue;
    FARHOLM_TRY(const auto digest, content::Digest::parse(item.get<std::string>()));
    auto bundle = content::open_bundle(parts_.root, parts_.store, digest);
    if (bundle) {
      add(as_profile_bundle(std::move(*bundle)));
    } else {
      parts_.log.warning("the bundle {} is left out: {}", digest.to_string(), bundle.error().to_string());
    }
  }
  return {};
}

io::Task<Result<void>> Catalog::import(std::string folder) {
  FARHOLM_CO_TRY(auto layouts, content::find_layouts(parts_.world.files, folder));
  if (layouts.empty())
    co_return fail(ErrorCode::NotFound,
                   folder + " holds no bundle: give a folder that `farholm bundle` made");
  for (const auto& layout : layouts) {
    auto imported = co_await import_one(layout);
    if (!imported) co_return fail_while(std::move(imported).error(), "importing the bundle " + layout);
  }
  co_return save();
}

io::Task<Result<void>> Catalog::import_one(std::string folder) {
  const content::Fetcher fetcher{
      .loop = parts_.world.loop, .store = parts_.store, .sources = {}, .report = {}, .progress = {}};
  FARHOLM_CO_TRY(auto bundle,
                 co_await content::import_bundle(fetcher, parts_.root, parts_.world.files, folder));
  if (!bundles_.contains(bundle.digest.to_string()))
    parts_.log.info("imported the bundle {} ({} images)", bundle.name, bundle.images.size());
  add(as_profile_bundle(std::move(bundle)));
  co_return Result<void>();
}

Result<void> Catalog::save() {
  return io::write_file_atomically(parts_.world.files, parts_.path, json::to_text(json::Value(order_)), 0644);
}

void Catalog::add(profile::Bundle bundle) {
  if (bundles_.contains(bundle.digest)) return;
  order_.push_back(bundle.digest);
  bundles_.emplace(bundle.digest, std::move(bundle));
}

const profile::Bundle* Catalog::find(const std::string& digest) const {
  const auto found = bundles_.find(digest);
  return found == bundles_.end() ? nullptr : &found->second;
}

const profile::Bundle* Catalog::find_kubernetes(const std::string& version) const {
  for (auto digest = order_.rbegin(); digest != order_.rend(); ++digest) {
    const auto& bundle = bundles_.at(*digest);
    if (bundle.images.contains("farholm.dev/node:" + version)) return &bundle;
  }
  return nullptr;
}

std::optional<profile::ImageSource> Catalog::find_image(const std::string& reference) const {
  for (auto digest = order_.rbegin(); digest != order_.rend(); ++digest) {
    const auto& bundle = bundles_.at(*digest);
    if (const auto found = bundle.images.find(reference); found != bundle.images.end())
      return profile::ImageSource{.image_digest = found->second, .bundle_digest = bundle.digest};
  }
  return std::nullopt;
}

}  // namespace farholm::hub
