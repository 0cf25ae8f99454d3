#include "content/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "content/oci.h"
#include "json/json.h"

namespace farholm::content {
namespace {

constexpr std::size_t kPathMax = 1024;

RegistryResponse base_answer(int status) {
  RegistryResponse response;
  response.status = status;
  response.headers.emplace_back("Docker-Distribution-API-Version", "registry/2.0");
  return response;
}

// distribution-spec, "Error Codes".
RegistryResponse failed(int status, std::string_view code, std::string_view message) {
  auto response = base_answer(status);
  response.body = json::to_text({{"errors", json::Value::array({{{"code", code}, {"message", message}}})}});
  response.headers.emplace_back("Content-Type", "application/json");
  return response;
}

// RFC 9110, 14.1.2: one range of bytes. Nothing when there is none that we understand (then all is sent); an
// error when it begins beyond the end.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
std::optional<Result<Range>> parse_range(std::string_view text, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto first = text.substr(0, dash);
  const auto last = text.substr(dash + 1);
  const auto from = number(first);
  const auto to = number(last);
  if ((!first.empty() && !from) || (!last.empty() && !to) || (first.empty() && last.empty()))
    return std::nullopt;
  if (first.empty()) {
    const auto length = std::min(*to, size);
    if (length == 0) return fail(ErrorCode::BadRequest, "the range is empty");
    return Range{.offset = size - length, .length = length};
  }
  if (to && *to < *from) return std::nullopt;
  if (*from >= size) return fail(ErrorCode::BadRequest, "the range begins beyond the end");
  const auto end = to ? std::min(*to, size - 1) : size - 1;
  return Range{.offset = *from, .length = end - *from + 1};
}

RegistryResponse answer_blob(BlobStore& store, const Digest& digest, std::string_view range) {
  const auto size = store.find(digest);
  if (!size) return failed(500, "UNKNOWN", size.error().message);
  if (!*size) return failed(404, "BLOB_UNKNOWN", "the blob is not here yet; try again");
  auto response = base_answer(200);
  response.headers.emplace_back("Docker-Content-Digest", digest.to_string());
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", digest.to_string()));
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  response.headers.emplace_back("Accept-Ranges", "bytes");
  response.blob = {.digest = digest, .offset = 0, .length = **size};
  if (const auto asked = parse_range(range, **size)) {
    if (!*asked) {
      auto refused = failed(416, "RANGE_INVALID", asked->error().message);
      refused.headers.emplace_back("Content-Range", fmt::format("bytes */{}", **size));
      return refused;
    }
    response.status = 206;
    response.blob->offset = (*asked)->offset;
    response.blob->length = (*asked)->length;
    response.headers.emplace_back(
        "Content-Range",
        fmt::format("bytes {}-{}/{}", (*asked)->offset, (*asked)->offset + (*asked)->length - 1, **size));
  }
  return response;
}

RegistryResponse answer_manifest(BlobStore& store, const Digest& digest) {
  const auto text = store.read(digest, kManifestBytesMax);
  if (!text) return failed(404, "MANIFEST_UNKNOWN", text.error().message);
  const auto value = json::parse(*text, {.bytes_max = kManifestBytesMax});
  if (!value || !parse_manifest(*text)) return failed(404, "MANIFEST_UNKNOWN", "the blob is not a manifest");
  auto response = base_answer(200);
  response.headers.emplace_back("Docker-Content-Digest", digest.to_string());
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", digest.to_string()));
  const bool index = json::find(*value, "manifests") != nullptr;
  response.headers.emplace_back("Content-Type",
                                json::string_or(*value, "mediaType", index ? kIndexType : kManifestType));
  response.body = *text;
  return response;
}

RegistryResponse answer(const RegistryCatalog& catalog, BlobStore& store, const RegistryRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refused = failed(405, "UNSUPPORTED", "this registry is read-only");
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  std::string_view path = request.path;
  if (path == "/v2" || path == "/v2/") {
    auto response = base_answer(200);
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = "{}";
    return response;
  }
  if (path.size() > kPathMax || !path.starts_with("/v2/"))
    return failed(404, "UNSUPPORTED", "there is no such path");
  path.remove_prefix(4);
  // A name may itself have parts called "blobs" or "manifests": the last one counts.
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return failed(404, "UNSUPPORTED", "there is no such path");
  const auto reference = path.substr(slash + 1);
  path = path.substr(0, slash);
  for (const std::string_view kind : {"/blobs", "/manifests"}) {
    if (!path.ends_with(kind)) continue;
    const auto name = path.substr(0, path.size() - kind.size());
    const bool blob = kind == "/blobs";
    auto digest = Digest::parse(reference);
    if (!digest && !blob) {
      const auto full = request.name_space.empty()
                            ? fmt::format("{}:{}", name, reference)
                            : fmt::format("{}/{}:{}", request.name_space, name, reference);
      const auto image = catalog.images.find(full);
      if (image == catalog.images.end()) {
        return failed(404, "MANIFEST_UNKNOWN",
                      fmt::format("no bundle of this site's plan has the image {}", full));
      }
      digest = image->second;
    }
    if (!digest) return failed(400, "DIGEST_INVALID", "a digest must be sha256:<64 hexadecimal digits>");
    if (!catalog.blobs.contains(*digest)) {
      return failed(404, blob ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN", "no bundle of this site's plan has it");
    }
    return blob ? answer_blob(store, *digest, request.range) : answer_manifest(store, *digest);
  }
  return failed(404, "UNSUPPORTED", "there is no such path");
}

}  // namespace

RegistryResponse answer_registry(const RegistryCatalog& catalog, BlobStore& store,
                                 const RegistryRequest& request) {
  auto response = answer(catalog, store, request);
  const auto length = response.blob ? response.blob->length : response.body.size();
  response.headers.emplace_back("Content-Length", std::to_string(length));
  if (request.method == "HEAD") {
    response.body.clear();
    response.blob.reset();
  }
  return response;
}

}  // namespace farholm::content
