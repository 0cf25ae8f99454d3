#include "hub/tokens.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "hub/conditions.h"
#include "hub/resources.h"
#include "object/metadata.h"
#include "object/timestamp.h"

namespace farholm::hub {
namespace {

constexpr std::size_t kIdNameBytesMax = 40;
constexpr std::size_t kIdSuffixLength = 8;

json::Value token_secret(const json::Value& token, const std::string& name, const std::string& text,
                         const std::string& uid, io::WallTime now) {
  const auto bytes = as_bytes(text);
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata",
           {{"name", name},
            {"namespace", object::namespace_of(token)},
            {"uid", uid},
            {"creationTimestamp", io::to_rfc3339(now)},
            {"ownerReferences", {object::owner_reference(token, /*controller=*/true)}}}},
          {"type", "farholm.dev/registration-token"},
          {"data", {{"token", to_base64(bytes)}}}};
}

store::Write put_new(store::Key key, json::Value value) {
  return {std::move(key), [value = std::move(value)](const store::Entry* current) -> Result<store::Change> {
            if (current != nullptr) {
              return fail(ErrorCode::AlreadyExists,
                          fmt::format("{} {} is there already: choose another name for the token",
                                      current->key.resource, current->key.name));
            }
            return store::Change::put(value);
          }};
}

store::Write remove_any(store::Key key) {
  return {std::move(key), [](const store::Entry* current) -> Result<store::Change> {
            return current == nullptr ? store::Change::keep() : store::Change::remove();
          }};
}

// Why nobody can join with it now: a condition's reason and message; nothing when one can.
struct Refusal {
  const char* reason = nullptr;
  std::string message;
};
Refusal refusal(const json::Value& token, io::WallTime now) {
  const auto* spec = json::find_object(token, "spec");
  if (spec == nullptr) return {};
  if (json::find_bool(*spec, "revoked").value_or(false)) return {"Revoked", "An operator revoked the token."};
  if (const auto* expires = json::find_string(*spec, "expires")) {
    const auto end = object::parse_rfc3339(*expires);
    if (!end || *end <= now) return {"Expired", "The token expired at " + *expires + "."};
  }
  const auto most = json::find_integer(*spec, "maxHosts").value_or(1);
  const auto* status = json::find_object(token, "status");
  const auto used = status == nullptr ? 0 : json::find_integer(*status, "usedHosts").value_or(0);
  if (used >= most)
    return {"UsedUp", fmt::format("{} of {} hosts joined with the token: none is left.", used, most)};
  return {};
}

}  // namespace

io::Task<object::Answer<std::vector<store::Write>>> TokenAdmission::admit(
    apiserver::AdmissionRequest request) {
  std::vector<store::Write> writes;
  auto& token = request.object;
  const auto now = clock_.now();
  if (request.operation == apiserver::Operation::Create) {
    const auto name = object::name_of(token);
    std::string id;
    for (const char c : name.substr(0, kIdNameBytesMax)) id += c == '.' ? '-' : c;
    id += "-" + io::random_name_suffix(entropy_, kIdSuffixLength);
    const auto made = trust::make_registration_token(id, root_, entropy_);
    const std::string secret_name = cut_text(name, 240) + "-token";
    token["status"] = {{"secretName", secret_name}, {"tokenID", id}, {"usedHosts", 0}};
    judge_token_status(token, now);
    writes.push_back(
        put_new(key_of(kSecrets, object::namespace_of(token), secret_name),
                token_secret(token, secret_name, made.to_text(), io::random_uuid(entropy_), now)));
    writes.push_back(put_new(key_of(kTokenDigests, "", id), {{"metadata", json::Value::object()},
                                                             {"digest", made.secret_digest().to_string()},
                                                             {"namespace", object::namespace_of(token)},
                                                             {"name", name},
                                                             {"uid", object::uid_of(token)}}));
  } else if (request.operation == apiserver::Operation::Delete) {
    if (const auto* status = json::find_object(token, "status")) {
      if (const auto id = json::string_or(*status, "tokenID"); !id.empty())
        writes.push_back(remove_any(key_of(kTokenDigests, "", id)));
      if (const auto name = json::string_or(*status, "secretName"); !name.empty())
        writes.push_back(remove_any(key_of(kSecrets, object::namespace_of(token), name)));
    }
  } else if (request.subresource.empty()) {
    judge_token_status(token, now);
  }
  co_return writes;
}

Result<void> judge_token(const json::Value& token, const std::string& machine_id, io::WallTime now) {
  if (const auto refused = refusal(token, now); refused.reason != nullptr)
    return fail(ErrorCode::Forbidden, refused.message + " Ask an operator for another one.");
  const auto* ids = json::find_path(token, {"spec", "machineIDs"});
  if (ids != nullptr && ids->is_array() && !ids->empty() &&
      std::find(ids->begin(), ids->end(), json::Value(machine_id)) == ids->end())
    return fail(ErrorCode::Forbidden, "The token is not for this machine ID.");
  return {};
}

void count_token_use(json::Value& token, io::WallTime now) {
  auto& status = token["status"];
  status["usedHosts"] = json::find_integer(status, "usedHosts").value_or(0) + 1;
  status["lastUsed"] = io::to_rfc3339(now);
  judge_token_status(token, now);
}

void judge_token_status(json::Value& token, io::WallTime now) {
  token["status"]["observedGeneration"] = object::generation_of(token);
  const auto refused = refusal(token, now);
  set_condition(token,
                refused.reason != nullptr
                    ? Condition{"Ready", "False", refused.reason, refused.message}
                    : Condition{"Ready", "True", "Valid", "Hosts can join with the token."},
                now);
}

Result<FoundToken> find_token(const store::Store& store, const trust::RegistrationToken& token) {
  const auto unknown = fail(ErrorCode::Unauthorized,
                            "This hub does not know the registration token: ask an operator for one.");
  const auto record = store.get(key_of(kTokenDigests, "", token.id));
  if (record == nullptr) return unknown;
  const auto digest = crypto::Digest::parse(json::string_or(record->value, "digest"));
  if (!digest || !token.proves(*digest)) return unknown;
  FoundToken found{.key = key_of(kTokens, json::string_or(record->value, "namespace"),
                                 json::string_or(record->value, "name")),
                   .entry = nullptr};
  found.entry = store.get(found.key);
  // A token that was deleted with its namespace leaves its record behind; one made anew has another UID.
  if (found.entry == nullptr || object::uid_of(found.entry->value) != json::string_or(record->value, "uid"))
    return unknown;
  return found;
}

}  // namespace farholm::hub
