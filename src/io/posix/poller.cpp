#include "io/posix/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/assert.h"
#include "io/posix/clock.h"

namespace farholm::io::posix {

EpollPoller::EpollPoller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  FARHOLM_ASSERT(epoll_.valid() && wakeup_.valid());
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  FARHOLM_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) == 0);
}

void EpollPoller::wait(std::optional<MonotonicTime> deadline) {
  timespec timeout{};
  if (deadline) {
    const auto left =
        std::max(Duration::zero(), *deadline == MonotonicTime::min() ? Duration::zero()
                                                                     : *deadline - SystemClock().monotonic());
    timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
    timeout.tv_nsec = (left % std::chrono::seconds(1)).count();
  }
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   deadline ? &timeout : nullptr, nullptr);
  FARHOLM_ASSERT(count >= 0 || errno == EINTR);
  if (count <= 0) return;
  reported_.clear();
  for (int i = 0; i < count; ++i)
    reported_.push_back(static_cast<Watcher*>(events[static_cast<std::size_t>(i)].data.ptr));
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (events[i].data.ptr == nullptr) {
      run_posted();
      continue;
    }
    Watcher* const watcher = reported_[i];
    if (watcher == nullptr) continue;  // removed by one before it
    const auto flags = events[i].events;
    watcher->ready((flags & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                   (flags & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0);
  }
  reported_.clear();
}

Result<void> EpollPoller::add(int descriptor, Watcher& watcher, bool background) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &watcher}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return fail_errno("cannot watch a descriptor", errno);
  }
  if (!background) ++watched_;
  return {};
}

void EpollPoller::remove(int descriptor, Watcher& watcher, bool background) {
  FARHOLM_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr) == 0);
  std::ranges::replace(reported_, &watcher, nullptr);
  if (!background) --watched_;
}

void EpollPoller::post(std::function<void()> function) {
  {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(function));
  }
  const std::uint64_t one = 1;
  // A full counter has woken the loop already.
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

void EpollPoller::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto drained = ::read(wakeup_.get(), &count, sizeof count);
  std::vector<std::function<void()>> functions;
  {
    const std::scoped_lock lock(mutex_);
    functions.swap(posted_);
  }
  for (auto& function : functions) {
    FARHOLM_ASSERT(expected_ > 0);
    --expected_;
    function();
  }
}

}  // namespace farholm::io::posix
