#include "apiserver/authentication.h"

#include "crypto/certificate.h"

namespace farholm::apiserver {

namespace {
std::unexpected<Error> unauthorized() {
  return fail(ErrorCode::Unauthorized, "Unauthorized");
}
}  // namespace

std::optional<std::string_view> bearer_token(const net::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = request.headers.find("Authorization");
  if (!header || header->size() <= kScheme.size()) return std::nullopt;
  if (!net::equals_ignoring_case(header->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return header->substr(kScheme.size());
}

io::Task<Result<std::optional<User>>> CertificateAuthenticator::authenticate(const net::Request&,
                                                                             const net::Peer& peer) {
  if (!peer.certificate) co_return std::nullopt;
  if (!peer.certificate->trusted()) co_return unauthorized();
  const auto* found = read(peer.certificate->der);
  // Its beginning, and who issued it, was looked at when the connection was made.
  if (found == nullptr || clock_.now() > found->until) co_return unauthorized();
  co_return found->user;
}

const CertificateAuthenticator::Read* CertificateAuthenticator::read(const std::string& der) {
  if (const auto known = read_.find(der); known != read_.end()) return &known->second;
  const auto certificate = crypto::Certificate::from_der(as_bytes(der));
  if (!certificate || certificate->subject().common_name.empty()) return nullptr;
  // Those in use are soon there again.
  if (read_.size() >= kRememberedMax) read_.clear();
  const auto& subject = certificate->subject();
  return &read_
              .emplace(der, Read{.user = {subject.common_name, subject.organizations},
                                 .until = certificate->validity().not_after})
              .first->second;
}

void TokenAuthenticator::add(std::string_view token, User user) {
  users_.insert_or_assign(crypto::Digest::of(token), std::move(user));
}

io::Task<Result<std::optional<User>>> TokenAuthenticator::authenticate(const net::Request& request,
                                                                       const net::Peer&) {
  const auto token = bearer_token(request);
  if (!token) co_return std::nullopt;
  // Looked up by digest, so that the time taken says nothing about the tokens.
  const auto found = users_.find(crypto::Digest::of(*token));
  if (found == users_.end()) co_return unauthorized();
  co_return found->second;
}

io::Task<Result<User>> authenticate(const std::vector<Authenticator*>& authenticators,
                                    const net::Request& request, const net::Peer& peer) {
  std::optional<Error> refused;
  for (auto* authenticator : authenticators) {
    auto user = co_await authenticator->authenticate(request, peer);
    // As Kubernetes: another authenticator may still know these credentials.
    if (!user) {
      refused = std::move(user).error();
      continue;
    }
    if (!*user) continue;
    User known = std::move(**user);
    if (known.name != kAnonymousUser && !known.in_group(kAuthenticatedGroup))
      known.groups.emplace_back(kAuthenticatedGroup);
    co_return known;
  }
  if (refused) co_return std::unexpected(std::move(*refused));
  if (bearer_token(request)) co_return unauthorized();
  co_return User::anonymous();
}

}  // namespace farholm::apiserver
