#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>

#include "base/encoding.h"
#include "io/posix/posix_world.h"
#include "io/scope.h"

namespace farholm::io::posix {
namespace {

using namespace std::chrono_literals;

class PosixTest : public testing::Test {
 protected:
  PosixTest() {
    std::string pattern = "/tmp/farholm-test-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PosixTest() override { EXPECT_TRUE(remove_tree(world_.world().files, folder_)); }

  Files& files() { return world_.world().files; }

  PosixWorld world_;
  std::string folder_;
};

TEST_F(PosixTest, AFileReplacedAtomicallyReadsBackWithItsPermissions) {
  const std::string path = folder_ + "/key";
  ASSERT_TRUE(write_file_atomically(files(), path, "one", 0600));
  ASSERT_TRUE(write_file_atomically(files(), path, "two", 0600));
  EXPECT_EQ(*read_file(files(), path, 100), "two");
  EXPECT_EQ(files().status(path)->permissions, 0600U);
  EXPECT_EQ(files().list(folder_)->size(), 1U);
}

TEST_F(PosixTest, AMissingFileIsNothingWhereThatIsAsked) {
  EXPECT_EQ(*read_file_if_exists(files(), folder_ + "/absent", 100), std::nullopt);
  EXPECT_EQ(read_file(files(), folder_ + "/absent", 100).error().code, ErrorCode::NotFound);
}

TEST_F(PosixTest, AFileLongerThanItsLimitIsRefused) {
  ASSERT_TRUE(write_file_atomically(files(), folder_ + "/long", std::string(101, 'x')));
  EXPECT_EQ(read_file(files(), folder_ + "/long", 100).error().code, ErrorCode::RequestEntityTooLarge);
}

TEST_F(PosixTest, ALockedFileCannotBeLockedAgain) {
  auto first = files().open(folder_ + "/lock", OpenMode::Create, 0600);
  auto second = files().open(folder_ + "/lock", OpenMode::Create, 0600);
  ASSERT_TRUE((*first)->lock());
  EXPECT_EQ((*second)->lock().error().code, ErrorCode::Conflict);
  first->reset();
  EXPECT_TRUE((*second)->lock());
}

Task<void> echo(std::unique_ptr<Stream> stream) {
  std::array<std::byte, 1000> buffer{};
  while (true) {
    const auto count = co_await read_some(*stream, buffer);
    if (!count || *count == 0) break;
    if (!co_await write_all(*stream, std::span(buffer).first(*count))) break;
  }
}

Task<void> serve_echo(Listener& listener, Scope& scope) {
  while (true) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    scope.spawn(echo(std::move(accepted->stream)));
  }
}

// Sends a megabyte and reads it back, both at once, so that buffers fill on the way.
Task<Result<std::string>> exchange(Loop& loop, Network& network, Endpoint endpoint, std::string text) {
  FARHOLM_CO_TRY(auto stream, co_await network.connect(std::move(endpoint)));
  Scope scope(loop);
  scope.spawn([](Stream& out, const std::string& content) -> Task<void> {
    EXPECT_TRUE(co_await write_all(out, as_bytes(content)));
    EXPECT_TRUE(out.shutdown_write());
  }(*stream, text));
  std::string answer;
  std::array<std::byte, 4096> buffer{};
  while (true) {
    FARHOLM_CO_TRY(const std::size_t count, co_await read_some(*stream, buffer));
    if (count == 0) break;
    answer += as_text(std::span(buffer).first(count));
  }
  co_return answer;
}

TEST_F(PosixTest, BytesComeBackOverTcpAndOverAUnixSocket) {
  for (const std::string& address : {std::string("127.0.0.1:0"), "unix:" + folder_ + "/socket"}) {
    auto listener = world_.world().network.listen(*parse_endpoint(address));
    ASSERT_TRUE(listener) << listener.error().to_string();
    Scope scope(world_.loop());
    Scope connections(world_.loop());
    scope.spawn(serve_echo(**listener, connections));
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
    auto answer =
        world_.loop().run(exchange(world_.loop(), world_.world().network, (*listener)->local(), text));
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(*answer, text);
  }
}

TEST_F(PosixTest, ATakenPortSaysWhatToDo) {
  auto first = world_.world().network.listen(*parse_endpoint("127.0.0.1:0"));
  auto second = world_.world().network.listen((*first)->local());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_THAT(second.error().message, testing::HasSubstr("choose another port"));
}

TEST_F(PosixTest, NobodyListeningIsAnErrorOfTheConnection) {
  Endpoint gone;
  {
    auto listener = world_.world().network.listen(*parse_endpoint("127.0.0.1:0"));
    gone = (*listener)->local();
  }
  auto stream = world_.loop().run(world_.world().network.connect(gone));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::ServiceUnavailable);
}

TEST_F(PosixTest, NamesAreResolvedWithoutBlockingTheLoop) {
  auto listener = world_.world().network.listen(*parse_endpoint("127.0.0.1:0"));
  Endpoint named = (*listener)->local();
  named.host = "localhost";
  EXPECT_TRUE(world_.loop().run(world_.world().network.connect(named)));
}

TEST_F(PosixTest, NothingIsAdoptedThatWasLeftForAnotherProcess) {
  ASSERT_EQ(::setenv("LISTEN_FDS", "1", 1), 0);
  ASSERT_EQ(::setenv("LISTEN_PID", "1", 1), 0);
  const auto inherited = world_.network().adopt_inherited();
  ASSERT_TRUE(inherited);
  EXPECT_TRUE(inherited->empty());
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_PID");
}

TEST_F(PosixTest, AProgramGetsItsInputAndGivesItsOutput) {
  auto output = world_.loop().run(
      world_.world().processes.run({.arguments = {"sh", "-c", "cat; echo $GREETING >&2; exit 3"},
                                    .environment = {{"GREETING", "hello"}},
                                    .input = "in"}));
  ASSERT_TRUE(output) << output.error().to_string();
  EXPECT_EQ(output->out, "in");
  EXPECT_EQ(output->err, "hello\n");
  EXPECT_EQ(output->exit_code, 3);
}

TEST_F(PosixTest, AProgramThatIsDroppedIsEnded) {
  auto result = world_.loop().run(with_deadline<ProcessOutput>(
      world_.loop(), 20ms, "it did not end", world_.world().processes.run({.arguments = {"sleep", "1000"}})));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Timeout);
}

TEST_F(PosixTest, AProgramThatPrintsWithoutEndIsEndedWithAnError) {
  // The deadline is for a defect only: without one nothing would end this test.
  for (const char* command : {"yes", "yes >&2"}) {
    auto result = world_.loop().run(with_deadline<ProcessOutput>(
        world_.loop(), 20s, "it did not end",
        world_.world().processes.run({.arguments = {"sh", "-c", command}, .output_bytes_max = 100'000})));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::RequestEntityTooLarge) << result.error().to_string();
  }
}

TEST_F(PosixTest, AnAbsentProgramIsNamed) {
  auto output = world_.loop().run(world_.world().processes.run({.arguments = {"/no/such/program"}}));
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, testing::HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace farholm::io::posix
