#include "trust/root.h"

#include <fmt/format.h>

#include "json/json.h"
#include "trust/key_id.h"
#include "trust/timestamp.h"

namespace farholm::trust {
namespace {

std::unexpected<Error> wrong(std::string_view why) {
  return fail(ErrorCode::Invalid, fmt::format("this root.json cannot be used: {}", why));
}

Result<Role> read_role(const json::Value& roles, RoleName name, const Keys& keys) {
  const auto* value = json::find_object(roles, to_string(name));
  const auto* ids = value == nullptr ? nullptr : json::find_array(*value, "keyids");
  const auto threshold = value == nullptr ? std::nullopt : json::find_integer(*value, "threshold");
  if (ids == nullptr || !threshold) {
    return wrong(fmt::format("the role {} must have keyids and a threshold", to_string(name)));
  }
  Role role;
  for (const auto& id : *ids) {
    if (!id.is_string() || !keys.contains(id.get_ref<const std::string&>())) {
      return wrong(fmt::format("the role {} names a key that is not listed", to_string(name)));
    }
    if (!role.key_ids.insert(id.get<std::string>()).second) {
      return wrong(fmt::format("the role {} names a key twice", to_string(name)));
    }
  }
  if (*threshold < 1 || static_cast<std::uint64_t>(*threshold) > role.key_ids.size()) {
    return wrong(fmt::format("the role {} has {} keys and a threshold of {}", to_string(name),
                             role.key_ids.size(), *threshold));
  }
  role.threshold = static_cast<std::size_t>(*threshold);
  return role;
}

Result<Keys> read_keys(const json::Value& value) {
  if (value.size() > Root::kKeysMax) return wrong(fmt::format("it lists more than {} keys", Root::kKeysMax));
  Keys keys;
  for (const auto& [id, entry] : value.items()) {
    FARHOLM_TRY(auto key, key_from_json(entry));
    if (key_id(key) != id)
      return wrong(fmt::format("the key {} is not named by its digest", id.substr(0, 64)));
    keys.emplace(id, std::move(key));
  }
  return keys;
}

Result<std::vector<Signature>> read_signatures(const json::Value& value) {
  if (value.size() > Envelope::kSignaturesMax) return wrong("it has too many signatures");
  std::vector<Signature> signatures;
  for (const auto& entry : value) {
    auto bytes = from_hex(json::string_or(entry, "sig"));
    if (!bytes) return wrong("each signature must have a \"sig\" in hexadecimal");
    signatures.push_back({.key_id = json::string_or(entry, "keyid"), .bytes = std::move(*bytes)});
  }
  return signatures;
}

json::Value signature_json(const crypto::PrivateKey& signer, const std::string& signed_text) {
  return {{"keyid", key_id(signer.public_key())}, {"sig", to_hex(signer.sign(as_bytes(signed_text)))}};
}

}  // namespace

std::string_view to_string(RoleName role) {
  constexpr std::array<std::string_view, kRoleNames.size()> kNames{"root", "plan", "pki", "publisher",
                                                                   "access"};
  return kNames[static_cast<std::size_t>(role)];
}

Result<Root> Root::parse(std::string_view text) {
  auto value = json::parse(text, {.bytes_max = kBytesMax, .depth_max = 10, .values_max = 5000});
  if (!value) return fail_while(std::move(value).error(), "reading root.json");
  const auto* body = json::find_object(*value, "signed");
  const auto* signatures = json::find_array(*value, "signatures");
  if (body == nullptr || signatures == nullptr) return wrong("it must have \"signed\" and \"signatures\"");
  const auto* keys = json::find_object(*body, "keys");
  const auto* roles = json::find_object(*body, "roles");
  const auto version = json::find_integer(*body, "version");
  if (json::string_or(*body, "_type") != "root" || keys == nullptr || roles == nullptr) {
    return wrong("\"signed\" must have _type \"root\", keys and roles");
  }
  if (!json::string_or(*body, "spec_version").starts_with("1.")) return wrong("its spec_version must be 1.x");
  if (!version || *version < 1) return wrong("its version must be 1 or more");
  Root root;
  root.text_ = text;
  root.version_ = static_cast<std::uint64_t>(*version);
  FARHOLM_TRY(root.expires_, parse_timestamp(json::string_or(*body, "expires")));
  FARHOLM_TRY(root.keys_, read_keys(*keys));
  for (const auto name : kRoleNames) {
    FARHOLM_TRY(root.roles_[static_cast<std::size_t>(name)], read_role(*roles, name, root.keys_));
  }
  FARHOLM_TRY(root.signatures_, read_signatures(*signatures));
  FARHOLM_TRY(root.signed_text_, json::to_canonical_text(*body));
  root.digest_ = crypto::Digest::of(root.signed_text_);
  if (auto own =
          verify_signatures(root.signed_text_, root.signatures_, root.keys_, root.role(RoleName::Root));
      !own) {
    return fail_while(std::move(own).error(),
                      fmt::format("checking version {} of root.json by its own root role", root.version_));
  }
  return root;
}

Result<void> Root::verify(RoleName name, const Envelope& envelope) const {
  auto verified = verify_signatures(pre_authentication_encoding(envelope.payload_type, envelope.payload),
                                    envelope.signatures, keys_, role(name));
  if (!verified) {
    return fail_while(std::move(verified).error(),
                      fmt::format("checking that the role {} of root.json (version {}) signed it",
                                  to_string(name), version_));
  }
  return {};
}

Result<Root> next_root(const Root& trusted, std::string_view text) {
  FARHOLM_TRY(auto next, Root::parse(text));
  if (next.version() != trusted.version() + 1) {
    return wrong(fmt::format("version {} follows {}, not {}", trusted.version() + 1, trusted.version(),
                             next.version()));
  }
  if (auto by_old = verify_signatures(next.signed_text_, next.signatures_, trusted.keys(),
                                      trusted.role(RoleName::Root));
      !by_old) {
    return fail_while(std::move(by_old).error(),
                      fmt::format("checking version {} of root.json by the root role of version {}",
                                  next.version(), trusted.version()));
  }
  return next;
}

Result<Root> follow_roots(Root trusted, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    FARHOLM_TRY(const auto candidate, Root::parse(text));
    if (candidate.version() <= trusted.version()) continue;
    FARHOLM_TRY(auto next, next_root(trusted, text));
    trusted = std::move(next);
  }
  return trusted;
}

Result<std::string> make_root(const RootSpec& spec, const std::vector<crypto::PrivateKey>& signers) {
  json::Value keys = json::Value::object();
  json::Value roles = json::Value::object();
  for (const auto name : kRoleNames) {
    const auto& role = spec.roles[static_cast<std::size_t>(name)];
    std::set<std::string> ids;
    for (const auto& key : role.keys) {
      const auto id = key_id(key);
      keys[id] = key_to_json(key);
      ids.insert(id);
    }
    if (role.threshold < 1 || role.threshold > ids.size()) {
      return wrong(fmt::format("the role {} has {} keys and a threshold of {}; give it more keys",
                               to_string(name), ids.size(), role.threshold));
    }
    roles[std::string(to_string(name))] = {{"keyids", ids}, {"threshold", role.threshold}};
  }
  json::Value body = {{"_type", "root"},
                      {"spec_version", "1.0.31"},
                      {"consistent_snapshot", true},
                      {"version", spec.version},
                      {"expires", io::to_rfc3339(spec.expires)},
                      {"keys", std::move(keys)},
                      {"roles", std::move(roles)}};
  FARHOLM_TRY(const auto signed_text, json::to_canonical_text(body));
  json::Value signatures = json::Value::array();
  for (const auto& signer : signers) signatures.push_back(signature_json(signer, signed_text));
  return json::to_pretty_text({{"signatures", std::move(signatures)}, {"signed", std::move(body)}}) + "\n";
}

Result<std::string> add_root_signature(std::string_view text, const crypto::PrivateKey& signer) {
  FARHOLM_TRY(auto value,
              json::parse(text, {.bytes_max = Root::kBytesMax, .depth_max = 10, .values_max = 5000}));
  const auto* body = json::find_object(value, "signed");
  if (body == nullptr || json::find_array(value, "signatures") == nullptr) {
    return wrong("it must have \"signed\" and \"signatures\"");
  }
  FARHOLM_TRY(const auto signed_text, json::to_canonical_text(*body));
  const auto signature = signature_json(signer, signed_text);
  auto& signatures = value["signatures"].get_ref<json::Value::array_t&>();
  std::erase_if(signatures, [&](const json::Value& entry) {
    return json::string_or(entry, "keyid") == signature["keyid"].get_ref<const std::string&>();
  });
  signatures.push_back(signature);
  return json::to_pretty_text(value) + "\n";
}

}  // namespace farholm::trust
