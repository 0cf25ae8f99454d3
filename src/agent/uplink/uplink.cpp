#include "agent/uplink/uplink.h"

#include <algorithm>

#include "agent/identity.h"
#include "agent/machine_id.h"
#include "agent/uplink/hub_client.h"
#include "agent/uplink/hub_source.h"
#include "agent/uplink/link_loop.h"
#include "agent/uplink/pairing_client.h"
#include "crypto/checked_file.h"
#include "io/scope.h"
#include "trust/plan_acceptance.h"
#include "trust/registration_token.h"

namespace farholm::agent {
namespace {

constexpr io::Duration kPauseMin = std::chrono::seconds(1);
constexpr io::Duration kPauseMax = std::chrono::minutes(5);
constexpr auto kPendingPause = std::chrono::seconds(10);
constexpr auto kRenewalLook = std::chrono::hours(6);
constexpr auto kRenewalRetry = std::chrono::minutes(10);

// Full-interval jitter: after a power cut in a region nobody dials together.
class Pause {
 public:
  explicit Pause(const io::World& world) : world_(world) {}
  void reset() { interval_ = kPauseMin; }
  auto next() {
    const auto whole = static_cast<std::uint64_t>(interval_.count());
    interval_ = std::min(kPauseMax, interval_ * 2);
    return world_.loop.sleep(
        io::Duration(static_cast<std::int64_t>(io::random_below(world_.entropy, whole))));
  }

 private:
  io::World world_;
  io::Duration interval_ = kPauseMin;
};

class AgentSite final : public UplinkSite {
 public:
  explicit AgentSite(Agent& agent) : agent_(agent) {}
  Result<Acceptance> offer_plan(std::string_view envelope) override { return agent_.offer_plan(envelope); }
  json::Value report() const override { return agent_.report(); }
  io::Event& report_changed() override { return agent_.report_changed(); }
  void add_source(content::BlobSource& source) override { agent_.add_source(source); }
  EventJournal& events() override { return agent_.events(); }

 private:
  Agent& agent_;
};

}  // namespace

io::Task<Result<void>> obtain_root(const io::World& world, Logger log, const UplinkOptions& options,
                                   bool root_given) {
  FARHOLM_CO_TRY(const auto there, io::status_if_exists(world.files, options.state.root()));
  if (there || root_given) co_return Result<void>();
  if (options.token.empty() || options.hub.empty())
    co_return fail(
        ErrorCode::BadRequest,
        "this host cannot tell its hub from another: give it the hub's root with --root root.json, "
        "or a registration token with --token, which names it");
  FARHOLM_CO_TRY(const auto token, trust::parse_registration_token(options.token));
  FARHOLM_CO_CHECK(world.files.make_directories(options.state.path, 0700));
  Pause pause(world);
  while (true) {
    auto root = co_await fetch_root(world, options.hub, token.root);
    if (root) {
      log.info("the hub at {} has the root that the token names", options.hub);
      co_return io::write_file_atomically(world.files, options.state.root(), *root);
    }
    if (!may_succeed_on_retry(root.error().code)) co_return std::unexpected(std::move(root).error());
    log.warning("cannot get the root from the hub at {}: {}; asking again", options.hub,
                root.error().to_string());
    co_await pause.next();
  }
}

class Uplink::Implementation {
 public:
  Implementation(const io::World& world, Logger log, UplinkSite& site, UplinkOptions options)
      : world_(world),
        log_(std::move(log)),
        site_(site),
        options_(std::move(options)),
        source_(world),
        want_changed_(world.loop),
        scope_(world.loop) {
    site_.add_source(source_);
  }

  io::Task<void> run() {
    auto prepared = prepare();
    if (!prepared) {
      log_.error("{}", prepared.error().to_string());
      co_return;
    }
    scope_.spawn(keep_certificate());
    scope_.spawn(keep_time());
    scope_.spawn(follow_wants());
    Pause pause(world_);
    while (true) {
      if (!ready_) {
        auto paired = co_await pair();
        if (!paired) {
          tell("cannot pair with the hub at " + state_.address + ": " + paired.error().to_string());
          co_await pause.next();
          continue;
        }
        if (!*paired) {
          co_await world_.loop.sleep(kPendingPause);
          continue;
        }
      }
      const auto begun = world_.clock.monotonic();
      auto linked = co_await hold_link();
      // A hub that welcomes everybody and can keep no link must not be dialled every second.
      if (welcomed_ && world_.clock.monotonic() - begun >= kPauseMax) pause.reset();
      tell("no link to the hub at " + state_.address + ": " + linked.error().to_string());
      // A hub that does not welcome us may have forgotten us, have new authorities, or find our certificate
      // too old: registering again mends each of these, and changes nothing otherwise.
      if (!std::exchange(welcomed_, false)) ready_ = false;
      connected_ = false;
      co_await pause.next();
    }
  }

  bool connected() const { return connected_; }

 private:
  Result<void> prepare() {
    FARHOLM_TRY(state_, load_hub_state(world_.files, options_.state.hub()));
    if (!options_.hub.empty()) state_.address = options_.hub;
    if (state_.address.empty())
      return fail(ErrorCode::BadRequest, "no hub is known: give its address with --hub HOST:PORT");
    FARHOLM_TRY(const auto root_text,
                io::read_file(world_.files, options_.state.root(), trust::Root::kBytesMax));
    FARHOLM_TRY(root_, trust::Root::parse(root_text));
    FARHOLM_TRY(identity_, open_identity(world_.files, world_.entropy, options_.state.identity()));
    machine_id_ = options_.machine_id;
    if (machine_id_.empty()) {
      FARHOLM_TRY(machine_id_, machine_id(world_.files, options_.sysroot));
    }
    if (!state_.certificate.empty() && !state_.authorities.empty()) {
      FARHOLM_TRY(client_, HubClient::make(world_, state_, *identity_));
      source_.set_client(client_.get());
      ready_ = true;
    }
    return {};
  }

  // True when this host has what it needs; false when it has to wait for an operator.
  io::Task<Result<bool>> pair() {
    FARHOLM_CO_TRY(state_.authorities, co_await fetch_authorities(world_, state_.address, *root_));
    co_await ask_time();  // by a wrong clock the hub's certificate is none
    FARHOLM_CO_CHECK(use_state());
    FARHOLM_CO_TRY(
        const auto answer,
        co_await register_host(*client_, *identity_,
                               {.token = options_.token,
                                .machine_id = machine_id_,
                                .inventory = options_.inventory ? options_.inventory() : json::Value()},
                               state_));
    if (!answer.approved) {
      tell(answer.message);
      co_return false;
    }
    const bool first = std::exchange(told_, "").empty();
    FARHOLM_CO_CHECK(save_hub_state(world_.files, options_.state.hub(), state_));
    FARHOLM_CO_CHECK(use_state());
    if (first)
      log_.info("paired with the hub at {} as {}/{}", state_.address, state_.host_namespace,
                state_.host_name);
    ready_ = true;
    co_return true;
  }

  Result<void> use_state() {
    if (client_ != nullptr) return client_->reload(state_, *identity_);
    FARHOLM_TRY(client_, HubClient::make(world_, state_, *identity_));
    source_.set_client(client_.get());
    return {};
  }

  io::Task<void> ask_time() {
    if (options_.time == nullptr) co_return;
    const auto time = co_await fetch_time(world_, state_.address, *root_);
    if (time)
      options_.time->hear(*time);
    else
      log_.warning("the hub does not say what time it is: {}", time.error().to_string());
  }

  // A link may stand for years.
  io::Task<void> keep_time() {
    while (true) {
      co_await world_.loop.sleep(kFloorWritten);
      if (connected_) co_await ask_time();
    }
  }

  io::Task<Result<void>> hold_link() {
    FARHOLM_CO_TRY(auto stream, co_await client_->dial_link());
    LinkLoop link({.world = world_,
                   .site = site_,
                   .sender = sender_,
                   .followed_plan = [this] { return followed_plan(); },
                   .wanted =
                       [this](std::string digest) {
                         wanted_ = std::move(digest);
                         want_changed_.set();
                       },
                   .welcomed =
                       [this](std::optional<io::WallTime> time) {
                         if (time && options_.time != nullptr) options_.time->hear(*time);
                         welcomed_ = connected_ = true;
                         told_.clear();
                         log_.info("linked to the hub at {}", state_.address);
                       }},
                  std::move(stream));
    co_return co_await link.run();
  }

  json::Value followed_plan() const {
    const auto text =
        crypto::read_checked_file(world_.files, options_.state.plan(), trust::Envelope::kBytesMax);
    if (!text || !*text) return nullptr;
    const auto plan = trust::verify_plan_envelope(*root_, **text);
    if (!plan) return nullptr;
    return {{"epoch", plan->epoch},
            {"generation", plan->generation},
            {"envelope", crypto::Digest::of(**text).to_string()}};
  }

  // The newest want only; tried until it is had or another one comes.
  io::Task<void> follow_wants() {
    Pause pause(world_);
    while (true) {
      co_await want_changed_.wait();
      want_changed_.clear();
      const std::string digest = wanted_;
      auto offered = co_await fetch_and_offer(digest);
      if (offered) {
        pause.reset();
        continue;
      }
      log_.warning("the plan {} that the hub wants: {}", digest, offered.error().to_string());
      if (!may_succeed_on_retry(offered.error().code)) continue;
      co_await pause.next();
      want_changed_.set();
    }
  }

  io::Task<Result<void>> fetch_and_offer(std::string digest_text) {
    FARHOLM_CO_TRY(const auto digest, crypto::Digest::parse(digest_text));
    FARHOLM_CO_TRY(const auto response, co_await client_->get("/content/v1/blobs/" + digest.to_string(),
                                                              trust::Envelope::kBytesMax));
    if (crypto::Digest::of(response.body) != digest)
      co_return fail(ErrorCode::Invalid, "what the hub sent has another digest");
    FARHOLM_CO_TRY(const auto acceptance, site_.offer_plan(response.body));
    // A refusal is in the report, and so at the hub.
    if (acceptance.verdict.refused())
      log_.warning("the hub's plan is refused: {}", acceptance.verdict.message);
    co_return Result<void>();
  }

  io::Task<void> keep_certificate() {
    while (true) {
      const auto due = ready_ ? renewal_time(state_) : std::nullopt;
      if (!due || world_.clock.now() < *due) {
        co_await world_.loop.sleep(kRenewalLook);
        continue;
      }
      auto renewed = co_await renew_certificate(*client_, *identity_, state_);
      if (renewed) renewed = save_hub_state(world_.files, options_.state.hub(), state_);
      if (renewed) renewed = use_state();
      if (renewed) {
        log_.info("renewed the client certificate");
        continue;
      }
      log_.warning("the client certificate cannot be renewed: {}", renewed.error().to_string());
      co_await world_.loop.sleep(kRenewalRetry);
    }
  }

  // Says a thing once, however often it is tried.
  void tell(const std::string& sentence) {
    if (sentence == told_) return;
    told_ = sentence;
    log_.warning("{}", sentence);
  }

  io::World world_;
  Logger log_;
  UplinkSite& site_;
  UplinkOptions options_;
  HubState state_;
  std::optional<trust::Root> root_;
  std::optional<Identity> identity_;
  std::string machine_id_;
  std::unique_ptr<HubClient> client_;
  HubSource source_;
  link::StatusSender sender_;
  bool ready_ = false;     // paired, as far as we know
  bool welcomed_ = false;  // by the present or last link
  bool connected_ = false;
  std::string wanted_;
  io::Event want_changed_;
  std::string told_;
  io::Scope scope_;
};

Uplink::Uplink(const io::World& world, Logger log, Agent& agent, UplinkOptions options)
    : own_site_(std::make_unique<AgentSite>(agent)),
      implementation_(
          std::make_unique<Implementation>(world, std::move(log), *own_site_, std::move(options))) {}
Uplink::Uplink(const io::World& world, Logger log, UplinkSite& site, UplinkOptions options)
    : implementation_(std::make_unique<Implementation>(world, std::move(log), site, std::move(options))) {}
Uplink::~Uplink() = default;
io::Task<void> Uplink::run() {
  return implementation_->run();
}
bool Uplink::connected() const {
  return implementation_->connected();
}

}  // namespace farholm::agent
