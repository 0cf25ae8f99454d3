#include "io/posix/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/assert.h"
#include "base/encoding.h"
#include "io/event.h"
#include "io/posix/socket_stream.h"
#include "io/scope.h"

namespace farholm::io::posix {
namespace {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> merged_environment(const StringPairs& added) {
  std::vector<std::string> lines;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string_view text = *line;
    const auto name = text.substr(0, text.find('='));
    const bool replaced = std::ranges::any_of(added, [&](const auto& pair) { return pair.first == name; });
    if (!replaced) lines.emplace_back(text);
  }
  for (const auto& [name, value] : added) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  return Pipe{.read = Descriptor(ends[0]), .write = Descriptor(ends[1])};
}

// What the child's three standard descriptors become; each is inherited as a
// copy.
struct Standard {
  int in;
  int out;
  int err;
};

Result<pid_t> spawn(std::vector<std::string> arguments, const StringPairs& environment, Standard standard,
                    bool new_session) {
  FARHOLM_ASSERT(!arguments.empty());
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, standard.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, standard.out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, standard.err, STDERR_FILENO);
  // The loop's thread blocks signals that it reads from a signalfd: the child
  // must not inherit that.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(
      &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | (new_session ? POSIX_SPAWN_SETSID : 0)));
  auto lines = merged_environment(environment);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(lines);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments.front().c_str(), &actions, &attributes,
                                   argument_pointers.data(), environment_pointers.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail_errno("cannot run " + arguments.front(), error);
  return child;
}

// Ends the child and waits for it unless that has been done.
class Child final : private Watcher {
 public:
  Child(Loop& loop, EpollPoller& poller, pid_t process) : poller_(poller), process_(process), ended_(loop) {
    descriptor_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    FARHOLM_ASSERT(descriptor_.valid());
    FARHOLM_ASSERT(poller_.add(descriptor_.get(), *this).has_value());
  }
  ~Child() override {
    poller_.remove(descriptor_.get(), *this);
    if (!reaped_) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
  }

  Task<int> wait() {
    co_await ended_.wait();
    int status = 0;
    FARHOLM_ASSERT(::waitpid(process_, &status, 0) == process_);
    reaped_ = true;
    co_return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void ready(bool readable, bool) override {
    if (readable) ended_.set();
  }

  EpollPoller& poller_;
  pid_t process_;
  Descriptor descriptor_;
  Event ended_;
  bool reaped_ = false;
};

Task<Result<bool>> collect(Stream& stream, std::string& text, std::uint64_t limit_bytes) {
  std::array<std::byte, 8192> buffer{};
  while (true) {
    FARHOLM_CO_TRY(const auto count, co_await read_some(stream, buffer));
    if (count == 0) co_return true;
    if (text.size() + count > limit_bytes) {
      co_return fail(ErrorCode::RequestEntityTooLarge,
                     fmt::format("the program printed more than {} bytes", limit_bytes));
    }
    text += as_text(std::span(buffer).first(count));
  }
}

// Both to their ends, or the first error: who prints without end is not read
// any more, so waiting for the rest would be for ever.
Task<Result<void>> collect_both(Loop& loop, Task<Result<bool>> out, Task<Result<bool>> err) {
  Result<void> outcome;
  Event over(loop);
  int running = 2;
  Scope scope(loop);
  for (auto* task : {&out, &err}) {
    scope.spawn([](Task<Result<bool>> one, int& left, Result<void>& into, Event& ended) -> Task<void> {
      auto ending = co_await std::move(one);
      if (!ending && into) into = std::unexpected(std::move(ending).error());
      if (--left == 0 || !into) ended.set();
    }(std::move(*task), running, outcome, over));
  }
  co_await over.wait();
  scope.clear();
  co_return outcome;
}

Task<void> feed(std::unique_ptr<Stream> stream, std::string input) {
  // A program that does not read its input is not in error: what it prints
  // counts.
  (void)co_await write_all(*stream, as_bytes(input));
}

}  // namespace

Task<Result<ProcessOutput>> PosixProcesses::run(ProcessOptions options) {
  FARHOLM_CO_TRY(auto in, make_pipe());
  FARHOLM_CO_TRY(auto out, make_pipe());
  FARHOLM_CO_TRY(auto err, make_pipe());
  FARHOLM_CO_TRY(const pid_t process,
                 spawn(options.arguments, options.environment,
                       Standard{.in = in.read.get(), .out = out.write.get(), .err = err.write.get()},
                       /*new_session=*/false));
  Child child(loop_, poller_, process);
  in.read.reset();
  out.write.reset();
  err.write.reset();
  for (const int end : {in.write.get(), out.read.get(), err.read.get()}) {
    ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
  }
  const SocketStream::Options kPipe{.pipe = true, .ready = true};
  FARHOLM_CO_TRY(auto in_stream, SocketStream::make(loop_, poller_, std::move(in.write), kPipe));
  FARHOLM_CO_TRY(auto out_stream, SocketStream::make(loop_, poller_, std::move(out.read), kPipe));
  FARHOLM_CO_TRY(auto err_stream, SocketStream::make(loop_, poller_, std::move(err.read), kPipe));
  ProcessOutput output;
  Scope feeding(loop_);
  feeding.spawn(feed(std::move(in_stream), std::move(options.input)));
  FARHOLM_CO_CHECK(co_await collect_both(loop_, collect(*out_stream, output.out, options.output_bytes_max),
                                         collect(*err_stream, output.err, options.output_bytes_max)));
  output.exit_code = co_await child.wait();
  co_return output;
}

Result<std::int64_t> PosixProcesses::start_detached(const DetachedOptions& options) {
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Descriptor log;
  if (!options.log_path.empty()) {
    log = Descriptor(::open(options.log_path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (!log.valid()) return fail_errno("cannot write the log " + options.log_path, errno);
  }
  const int sink = log.valid() ? log.get() : null.get();
  FARHOLM_TRY(const pid_t process, spawn(options.arguments, options.environment,
                                         Standard{.in = null.get(), .out = sink, .err = sink},
                                         /*new_session=*/true));
  return process;
}

}  // namespace farholm::io::posix
