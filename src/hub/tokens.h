// Registration tokens. When an operator makes a RegistrationToken, the hub makes the secret in the same
// commit: the whole token text goes into a Secret beside it (the operator reads it there, and may delete that
// Secret at once); the hub itself keeps only the secret's digest. One thread.
#pragma once

#include <string>

#include "apiserver/admission.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "store/store.h"
#include "trust/registration_token.h"

namespace farholm::hub {

class TokenAdmission final : public apiserver::Admission {
 public:
  // All outlive it. `root` is what the token makes its host demand of the hub.
  TokenAdmission(io::Clock& clock, io::Entropy& entropy, crypto::Digest root)
      : clock_(clock), entropy_(entropy), root_(root) {}

  io::Task<object::Answer<std::vector<store::Write>>> admit(apiserver::AdmissionRequest request) override;

 private:
  io::Clock& clock_;
  io::Entropy& entropy_;
  crypto::Digest root_;
};

// Whether this RegistrationToken lets one more host in: Forbidden with the reason else. `machine_id` is what
// the host claims to be.
Result<void> judge_token(const json::Value& token, const std::string& machine_id, io::WallTime now);
// One more host came with it.
void count_token_use(json::Value& token, io::WallTime now);
// The condition Ready: whether a host could join with it now.
void judge_token_status(json::Value& token, io::WallTime now);

// The RegistrationToken that this text belongs to; Unauthorized when there is none or its secret is another.
struct FoundToken {
  store::Key key;
  store::EntryRef entry;
};
Result<FoundToken> find_token(const store::Store& store, const trust::RegistrationToken& token);

}  // namespace farholm::hub
