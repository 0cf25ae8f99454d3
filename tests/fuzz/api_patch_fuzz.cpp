// A first byte that chooses the kind of patch, then the patch: on a Secret and on a kind with a schema, what
// comes out is valid or an error, and identity never changes.
#include <cstdint>

#include "apiserver/built_in_kinds.h"
#include "apiserver/object_input.h"
#include "apiserver/writer_rules.h"
#include "base/assert.h"
#include "object/metadata.h"
#include "object/strategic_merge.h"

namespace {

using namespace farholm;

void try_patch(const object::KindDescriptor& kind, const json::Value& old, unsigned how,
               const json::Value& patch) {
  json::Value changed = old;
  if (how == 0 && !json::apply_json_patch(changed, patch, 100)) return;
  if (how == 1) json::apply_merge_patch(changed, patch);
  if (how == 2 && !object::apply_strategic_merge_patch(kind.schema, changed, patch)) return;
  if (!changed.is_object()) return;
  std::vector<std::string> strict;
  if (!apiserver::shape_object(kind, changed, strict)) return;
  if (!apiserver::check_identity(kind, old, changed, /*version_required=*/false)) return;
  apiserver::carry_over(kind, "", old, changed);
  if (!apiserver::complete_and_validate(kind, &old, changed)) return;
  FARHOLM_ASSERT(object::name_of(changed) == "a" && object::uid_of(changed) == "u");
  (void)json::to_text(changed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto patch = json::parse({reinterpret_cast<const char*>(data + 1), size - 1});
  if (!patch) return 0;
  const unsigned how = data[0] % 3U;
  const json::Value metadata = {
      {"name", "a"}, {"namespace", "n"}, {"uid", "u"}, {"resourceVersion", "5"}, {"finalizers", {"x/y"}}};
  static const auto secret = apiserver::secret_kind();
  static const auto account = apiserver::service_account_kind();
  try_patch(secret,
            {{"apiVersion", "v1"},
             {"kind", "Secret"},
             {"metadata", metadata},
             {"data", {{"key", "YQ=="}}},
             {"type", "Opaque"}},
            how, *patch);
  try_patch(account,
            {{"apiVersion", "v1"},
             {"kind", "ServiceAccount"},
             {"metadata", metadata},
             {"secrets", {{{"name", "s"}}}}},
            how, *patch);
  return 0;
}
