#include "io/posix/network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "io/posix/socket_stream.h"

namespace farholm::io::posix {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

struct Resolved {
  int error = 0;  // of getaddrinfo(3)
  std::vector<Address> addresses;
};

// Blocks while it asks a name server, unless `numeric`.
Resolved resolve(const std::string& host, std::uint16_t port, bool numeric, bool passive) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0) | (passive ? AI_PASSIVE : 0);
  addrinfo* list = nullptr;
  Resolved resolved;
  const std::string service = std::to_string(port);
  resolved.error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &list);
  if (resolved.error != 0) return resolved;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    resolved.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return resolved;
}

Result<Address> unix_address(const std::string& path) {
  Address address;
  auto* local = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.size() >= sizeof local->sun_path) {
    return fail(ErrorCode::BadRequest, fmt::format("the socket's path is longer than {} letters: {}",
                                                   sizeof local->sun_path - 1, path));
  }
  local->sun_family = AF_UNIX;
  std::memcpy(local->sun_path, path.c_str(), path.size() + 1);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::string to_text(const Address& address) {
  if (address.storage.ss_family == AF_UNIX) return {};
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(address.raw(), address.length, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  const bool v6 = address.storage.ss_family == AF_INET6;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host.data(), v6 ? "]" : "", port.data());
}

// One name server question in a thread of its own; when the asker is gone the answer is dropped.
struct Question {
  explicit Question(Loop& loop) : answered(loop) {}
  Event answered;
  Resolved resolved;
};

Task<Result<std::vector<Address>>> addresses_of(Loop& loop, EpollPoller& poller, const Endpoint& endpoint) {
  auto resolved = resolve(endpoint.host, endpoint.port, /*numeric=*/true, /*passive=*/false);
  if (resolved.error != 0) {
    auto question = std::make_shared<Question>(loop);
    std::weak_ptr<Question> asker = question;
    poller.expect();
    std::thread([asker, &poller, host = endpoint.host, port = endpoint.port] {
      auto answer = resolve(host, port, /*numeric=*/false, /*passive=*/false);
      poller.post([asker, answer = std::move(answer)]() mutable {
        if (auto waiting = asker.lock()) {
          waiting->resolved = std::move(answer);
          waiting->answered.set();
        }
      });
    }).detach();
    co_await question->answered.wait();
    resolved = std::move(question->resolved);
  }
  if (resolved.error != 0) {
    co_return fail(ErrorCode::ServiceUnavailable, fmt::format("cannot find the address of {}: {}",
                                                              endpoint.host, ::gai_strerror(resolved.error)));
  }
  co_return std::move(resolved.addresses);
}

Task<Result<std::unique_ptr<Stream>>> connect_to(Loop& loop, EpollPoller& poller, Address address,
                                                 std::string name) {
  Descriptor descriptor(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.valid()) co_return fail_errno("cannot make a socket", errno);
  const int on = 1;
  if (address.storage.ss_family != AF_UNIX) {
    ::setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(descriptor.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  const int number = descriptor.get();
  const bool begun = ::connect(number, address.raw(), address.length) == 0;
  const int error = errno;
  if (!begun && error != EINPROGRESS) co_return fail_errno("cannot connect to " + name, error);
  FARHOLM_CO_TRY(auto stream,
                 SocketStream::make(loop, poller, std::move(descriptor), {.pipe = false, .ready = begun}));
  if (!begun) {
    co_await stream->writable();
    int outcome = 0;
    socklen_t length = sizeof outcome;
    ::getsockopt(number, SOL_SOCKET, SO_ERROR, &outcome, &length);
    if (outcome != 0) co_return fail_errno("cannot connect to " + name, outcome);
  }
  co_return std::unique_ptr<Stream>(std::move(stream));
}

class SocketListener final : public Listener, private Watcher {
 public:
  SocketListener(Loop& loop, EpollPoller& poller, Descriptor descriptor, Endpoint local)
      : loop_(loop),
        poller_(poller),
        descriptor_(std::move(descriptor)),
        local_(std::move(local)),
        ready_(loop, true) {}
  ~SocketListener() override {
    if (watched_) poller_.remove(descriptor_.get(), *this);
    if (local_.kind == Endpoint::Kind::Unix && owns_path_) ::unlink(local_.path.c_str());
  }

  Result<void> start() {
    FARHOLM_CHECK(poller_.add(descriptor_.get(), *this));
    watched_ = true;
    return {};
  }
  void own_path() { owns_path_ = true; }

  Task<Result<Accepted>> accept() override {
    while (true) {
      Address peer;
      peer.length = sizeof peer.storage;
      Descriptor accepted(::accept4(descriptor_.get(), reinterpret_cast<sockaddr*>(&peer.storage),
                                    &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.valid()) {
        const int on = 1;
        if (peer.storage.ss_family != AF_UNIX) {
          ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          ::setsockopt(accepted.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        }
        FARHOLM_CO_TRY(auto stream, SocketStream::make(loop_, poller_, std::move(accepted), {}));
        co_return Accepted{.stream = std::move(stream), .peer = to_text(peer)};
      }
      switch (errno) {
        case EAGAIN:
          ready_.clear();
          co_await ready_.wait();
          break;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
          // Passes when a connection closes; the waiting one stays in the kernel's queue.
          co_await loop_.sleep(std::chrono::milliseconds(100));
          break;
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case EPERM:
          break;
        default:
          co_return fail_errno("cannot accept on " + local_.to_string(), errno);
      }
    }
  }

  Endpoint local() const override { return local_; }

 private:
  void ready(bool readable, bool) override {
    if (readable) ready_.set();
  }

  Loop& loop_;
  EpollPoller& poller_;
  Descriptor descriptor_;
  Endpoint local_;
  Event ready_;
  bool watched_ = false;
  bool owns_path_ = false;
};

Endpoint local_endpoint(int descriptor) {
  Address address;
  address.length = sizeof address.storage;
  FARHOLM_ASSERT(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.length) ==
                 0);
  if (address.storage.ss_family == AF_UNIX) {
    return Endpoint{.kind = Endpoint::Kind::Unix,
                    .host = {},
                    .port = 0,
                    .path = reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path};
  }
  auto parsed = parse_endpoint(to_text(address));
  FARHOLM_ASSERT(parsed.has_value());
  return *parsed;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> PosixNetwork::connect(Endpoint endpoint) {
  if (endpoint.kind == Endpoint::Kind::Unix) {
    FARHOLM_CO_TRY(auto address, unix_address(endpoint.path));
    co_return co_await connect_to(loop_, poller_, address, endpoint.path);
  }
  FARHOLM_CO_TRY(const auto addresses, co_await addresses_of(loop_, poller_, endpoint));
  Result<std::unique_ptr<Stream>> outcome =
      fail(ErrorCode::ServiceUnavailable, endpoint.host + " has no address");
  for (const auto& address : addresses) {
    outcome = co_await connect_to(loop_, poller_, address, endpoint.to_string());
    if (outcome) break;
  }
  co_return outcome;
}

Result<std::unique_ptr<Listener>> PosixNetwork::listen(const Endpoint& endpoint, ListenOptions options) {
  Address address;
  if (endpoint.kind == Endpoint::Kind::Unix) {
    FARHOLM_TRY(address, unix_address(endpoint.path));
    // A socket that nobody listens on is left by one that died.
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), address.raw(), address.length) == 0) {
      return fail(ErrorCode::Conflict, endpoint.path + " is in use by another process: end that one first");
    }
    if (errno == ECONNREFUSED) ::unlink(endpoint.path.c_str());
  } else {
    const auto resolved = resolve(endpoint.host, endpoint.port, /*numeric=*/true, /*passive=*/true);
    if (resolved.error != 0) {
      return fail(ErrorCode::BadRequest,
                  fmt::format("cannot listen on \"{}\": write an IP address", endpoint.host));
    }
    address = resolved.addresses.front();
  }
  Descriptor descriptor(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.valid()) return fail_errno("cannot make a socket", errno);
  const int on = 1;
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (options.free_bind) ::setsockopt(descriptor.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
  if (::bind(descriptor.get(), address.raw(), address.length) != 0) {
    if (errno == EADDRINUSE) {
      return fail(
          ErrorCode::Conflict,
          fmt::format(
              "{} is taken by another program: end that one (`ss -ltnp` names it) or choose another port",
              endpoint.to_string()));
    }
    return fail_errno("cannot listen on " + endpoint.to_string(), errno);
  }
  if (::listen(descriptor.get(), SOMAXCONN) != 0)
    return fail_errno("cannot listen on " + endpoint.to_string(), errno);
  const auto local = local_endpoint(descriptor.get());
  auto listener = std::make_unique<SocketListener>(loop_, poller_, std::move(descriptor), local);
  if (endpoint.kind == Endpoint::Kind::Unix) listener->own_path();
  FARHOLM_CHECK(listener->start());
  return listener;
}

Result<std::unique_ptr<Listener>> PosixNetwork::adopt_listener(int number) {
  Descriptor descriptor(number);
  const auto local = local_endpoint(descriptor.get());
  auto listener = std::make_unique<SocketListener>(loop_, poller_, std::move(descriptor), local);
  FARHOLM_CHECK(listener->start());
  return listener;
}

Result<std::vector<std::unique_ptr<Listener>>> PosixNetwork::adopt_inherited() {
  constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
  constexpr int kMost = 64;
  std::vector<std::unique_ptr<Listener>> listeners;
  const auto number = [](const char* name) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables here
    int value = 0;
    if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
    return value;
  };
  if (number("LISTEN_PID") != ::getpid()) return listeners;
  const int count = std::min(number("LISTEN_FDS"), kMost);
  for (int descriptor = kFirst; descriptor < kFirst + count; ++descriptor) {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    FARHOLM_TRY(auto listener, adopt_listener(descriptor));
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

}  // namespace farholm::io::posix
