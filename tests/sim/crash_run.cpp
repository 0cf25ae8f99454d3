#include "crash_run.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <sstream>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "store/sqlite_store.h"
#include "store/storage_cipher.h"

namespace farholm::sim_tests {
namespace {

using namespace std::chrono_literals;
using io::Task;

// How much is done in each life: by so many clients, so many writes each. The first is enough for a thousand
// boundaries, the last only shows that it still works.
struct Work {
  int writers;
  int writes_each;
};
constexpr Work kFirstLife{4, 24};
constexpr Work kSecondLife{2, 12};
constexpr Work kLastLife{1, 4};
constexpr std::string_view kResource = "farholm.dev/sites";
const io::Endpoint kHubEndpoint{.kind = io::Endpoint::Kind::Tcp, .host = "hub", .port = 8443, .path = {}};

// Who the two machines are. Made once: it is the same in every run.
struct Identities {
  std::string authority;
  io::ChannelIdentity hub;
  io::ChannelIdentity till;

  static const Identities& get() {
    static const Identities identities = make();
    return identities;
  }

 private:
  static Identities make() {
    io::sim::SimEntropy entropy(7);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
    const crypto::Validity validity{io::sim::kBeginning - 24h, io::sim::kBeginning + 24h * 365};
    const auto authority = crypto::make_self_signed(
        {{"authority", {}}, {}, validity, crypto::CertificateUse::Authority}, key, entropy);
    const auto leaf = [&](const char* name, crypto::CertificateUse use) {
      const auto own = crypto::PrivateKey::generate(crypto::KeyType::Ed25519, entropy);
      const auto certificate =
          crypto::issue({{name, {}}, {.dns = {name}, .ip = {}, .uri = {}}, validity, use}, own.public_key(),
                        *authority, key, entropy);
      return io::ChannelIdentity{.chain_pem = certificate->to_pem(), .key_pem = own.to_pem()};
    };
    return {authority->to_pem(), leaf("hub", crypto::CertificateUse::Server),
            leaf("till", crypto::CertificateUse::Client)};
  }
};

// What the clients know of one object, or of a pair that is only ever written together.
struct Belief {
  std::optional<int> acknowledged;  // nothing: it is not there
  std::optional<int> attempted;
  bool outstanding = false;  // nobody has said what became of the attempt
};

struct Order {
  std::string verb;  // "put", "pair", "remove"
  std::string name;
  int number = 0;
  std::size_t padding_bytes = 0;
};

Task<std::optional<std::string>> read_line(io::Stream& stream, std::string& buffer) {
  while (buffer.find('\n') == std::string::npos) {
    std::array<char, 4096> piece{};
    const auto count = co_await io::read_some(stream, std::as_writable_bytes(std::span(piece)));
    if (!count || *count == 0) co_return std::nullopt;
    buffer.append(piece.data(), *count);
  }
  const auto end = buffer.find('\n');
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  co_return line;
}

class CrashRun {
 public:
  explicit CrashRun(const CrashPlan& plan)
      : plan_(plan),
        world_(plan.seed),
        hub_(world_.add_machine("hub")),
        till_(world_.add_machine("till")),
        choices_(plan.seed, "choices"),
        cipher_(key(), hub_.entropy()) {}

  CrashReport run() {
    if (plan_.boundary != 0) hub_.files().cut_power_at(plan_.boundary);
    live(kFirstLife);
    report_.boundaries = hub_.files().boundaries();
    if (plan_.boundary != 0) {
      hub_.restart(plan_.survival);
      hub_.files().cut_power_at(hub_.files().boundaries() + 1 + choices_.next() % 60);
      live(kSecondLife);
      hub_.restart(static_cast<io::sim::Survival>(choices_.next() % 4));
      live(kLastLife);
    }
    report_.history = world_.history().hash();
    return std::move(report_);
  }

 private:
  static crypto::StorageKey key() {
    io::sim::SimEntropy entropy(11);
    return crypto::make_storage_key(entropy);
  }

  void complain(std::string what) {
    world_.history().note(what);
    report_.complaints.push_back(std::move(what));
  }

  // From power-on to the end of the work or of the power.
  void live(const Work& work) {
    auto opened = store::open_sqlite_store(hub_.world(), {"/state/hub.db", cipher_, /*checkpoint_pages=*/24});
    if (!opened && !made_folder_ && hub_.files().powered()) {
      made_folder_ =
          hub_.files().make_directories("/state").has_value() && hub_.files().sync_directory("/").has_value();
      opened = store::open_sqlite_store(hub_.world(), {"/state/hub.db", cipher_, /*checkpoint_pages=*/24});
    }
    if (!opened) {
      if (hub_.files().powered()) complain("cannot open: " + opened.error().to_string());
      return;
    }
    auto store = std::move(*opened);
    check(*store);
    io::Scope on_hub(world_.loop());
    io::Scope on_till(world_.loop());
    on_hub.spawn(serve(*store, on_hub));
    for (int writer = 0; writer < work.writers; ++writer) on_till.spawn(write(writer, work.writes_each));
    world_.loop().run(on_till.join());
    on_hub.clear();
  }

  Task<void> serve(store::Store& store, io::Scope& scope) {
    auto listener = hub_.world().network.listen(kHubEndpoint);
    if (!listener) co_return;
    const auto channel =
        hub_.world().secure.make_server({.identity = Identities::get().hub,
                                         .trusted_pem = Identities::get().authority,
                                         .client_certificates = io::ClientCertificates::Require,
                                         .alpn = {"orders"}});
    while (true) {
      auto accepted = co_await (*listener)->accept();
      if (!accepted) co_return;
      scope.spawn(serve_one(store, **channel, std::move(accepted->stream)));
    }
  }

  Task<void> serve_one(store::Store& store, io::SecureServer& channel, std::unique_ptr<io::Stream> raw) {
    auto stream = co_await channel.accept(std::move(raw));
    if (!stream) co_return;
    std::string buffer;
    while (auto line = co_await read_line(**stream, buffer)) {
      Order order;
      std::istringstream(*line) >> order.verb >> order.name >> order.number >> order.padding_bytes;
      const auto revision = co_await obey(store, order);
      // A machine without power says nothing.
      if (!hub_.files().powered()) co_return;
      const std::string answer = revision ? fmt::format("ok {}\n", *revision) : "refused\n";
      if (!co_await io::write_all(**stream, as_bytes(answer))) co_return;
    }
  }

  static store::Key key_of(const std::string& name) { return {std::string(kResource), "retail", name}; }

  static Task<Result<std::int64_t>> obey(store::Store& store, Order order) {
    const store::Decide put = [order](const store::Entry*) -> Result<store::Change> {
      return store::Change::put(
          {{"metadata", {{"name", order.name}}},
           {"spec", {{"number", order.number}, {"padding", std::string(order.padding_bytes, 'x')}}}});
    };
    std::vector<store::Write> writes;
    if (order.verb == "remove") {
      writes.push_back({key_of(order.name), [](const store::Entry*) -> Result<store::Change> {
                          return store::Change::remove();
                        }});
    } else if (order.verb == "pair") {
      writes.push_back({key_of(order.name + "-left"), put});
      writes.push_back({key_of(order.name + "-right"), put});
    } else {
      writes.push_back({key_of(order.name), put});
    }
    FARHOLM_CO_CHECK(co_await store.commit(std::move(writes)));
    co_return store.revision();
  }

  // A client: writes its own objects one after another, until something goes wrong.
  Task<void> write(int writer, int writes) {
    auto raw = co_await till_.world().network.connect(kHubEndpoint);
    if (!raw) co_return;
    const auto channel = till_.world().secure.make_client({.identity = Identities::get().till,
                                                           .trusted_pem = Identities::get().authority,
                                                           .pinned = {},
                                                           .alpn = {"orders"}});
    auto stream = co_await (*channel)->connect(std::move(*raw), "hub");
    if (!stream) {
      complain("no channel: " + stream.error().to_string());
      co_return;
    }
    std::string buffer;
    for (int i = 0; i < writes; ++i) {
      const Order order = next_order(writer);
      Belief& belief = beliefs_[order.name];
      belief.attempted = order.verb == "remove" ? std::nullopt : std::optional(order.number);
      belief.outstanding = true;
      const auto line =
          fmt::format("{} {} {} {}\n", order.verb, order.name, order.number, order.padding_bytes);
      if (!co_await io::write_all(**stream, as_bytes(line))) co_return;
      const auto answer = co_await io::with_deadline<std::string>(
          world_.loop(), 5s, "the hub did not answer",
          [](io::Stream& from, std::string& rest) -> Task<Result<std::string>> {
            auto read = co_await read_line(from, rest);
            if (!read) co_return fail(ErrorCode::ServiceUnavailable, "hung up");
            co_return *read;
          }(**stream, buffer));
      if (!answer) co_return;
      if (!answer->starts_with("ok ")) {
        complain("refused: " + line);
        co_return;
      }
      belief.acknowledged = belief.attempted;
      belief.outstanding = false;
      newest_revision_ = std::max<std::int64_t>(newest_revision_, std::stoll(answer->substr(3)));
      ++report_.acknowledged;
      if (choices_.once_in(3)) co_await world_.loop().sleep(io::Duration(choices_.next() % 3'000'000));
    }
  }

  Order next_order(int writer) {
    Order order{.verb = "put",
                .name = fmt::format("site-{}-{}", writer, choices_.next() % 5),
                .number = ++number_,
                .padding_bytes = choices_.next() % 300};
    const auto choice = choices_.next() % 8;
    if (choice == 0) order.verb = "remove";
    if (choice == 1) order.padding_bytes = 2000 + choices_.next() % 9000;  // more than a page
    if (choice >= 6) {
      order.verb = "pair";
      order.name = fmt::format("pair-{}", writer);
    }
    return order;
  }

  static std::optional<int> number_of(const store::Store& store, const std::string& name) {
    const auto entry = store.get(key_of(name));
    return entry ? std::optional(entry->value["spec"]["number"].get<int>()) : std::nullopt;
  }

  void check(const store::Store& store) {
    if (store.revision() < newest_revision_) {
      complain(fmt::format("revision {} after {}", store.revision(), newest_revision_));
    }
    for (auto& [name, belief] : beliefs_) {
      const bool is_pair = name.starts_with("pair-");
      const auto found = number_of(store, is_pair ? name + "-left" : name);
      if (is_pair && found != number_of(store, name + "-right")) complain("half of " + name);
      if (found != belief.acknowledged && !(belief.outstanding && found == belief.attempted)) {
        complain(fmt::format("{} is {}, acknowledged was {}", name, found.value_or(-1),
                             belief.acknowledged.value_or(-1)));
      }
      belief = {.acknowledged = found, .attempted = {}, .outstanding = false};
    }
    const auto all = store.list(kResource, {});
    for (const auto& entry : all->entries) world_.history().note(entry->bytes);
  }

  const CrashPlan plan_;
  io::sim::SimWorld world_;
  io::sim::SimMachine& hub_;
  io::sim::SimMachine& till_;
  io::sim::SimEntropy choices_;
  store::StorageCipher cipher_;
  bool made_folder_ = false;
  int number_ = 0;
  std::int64_t newest_revision_ = 0;
  std::map<std::string, Belief> beliefs_;
  CrashReport report_;
};

}  // namespace

CrashReport run_crash(const CrashPlan& plan) {
  return CrashRun(plan).run();
}

}  // namespace farholm::sim_tests
