// DockerClient against the real Docker Engine of this machine. Skipped, loudly, where there is none. Makes
// only what carries the test's own label, and removes it.
#include "driver/docker/docker_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/posix/posix_world.h"
#include "io/scope.h"

namespace farholm::driver::docker {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class DockerClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!posix_.loop().run(client_.info()))
      GTEST_SKIP() << "NO DOCKER ENGINE answers at " << kDockerSocket << ": the client was not tested";
  }
  template <class T>
  T run(io::Task<T> task) {
    return posix_.loop().run(std::move(task));
  }

  io::posix::PosixWorld posix_;
  DockerClient client_{posix_.loop(), posix_.network(), *io::parse_endpoint(kDockerSocket)};
  static constexpr auto kLabel = "farholm.dev/docker-client-test";
};

TEST_F(DockerClientTest, tells_what_the_engine_is) {
  const auto info = run(client_.info());
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->version.empty());
  EXPECT_FALSE(info->storage_driver.empty());
  EXPECT_TRUE(info->cgroup_version == 1 || info->cgroup_version == 2);
}

TEST_F(DockerClientTest, has_nothing_to_say_about_what_is_not_there) {
  EXPECT_FALSE(run(client_.inspect_container("farholm-no-such"))->has_value());
  EXPECT_FALSE(run(client_.inspect_network("farholm-no-such"))->has_value());
  EXPECT_FALSE(run(client_.inspect_image("farholm-no-such:1"))->has_value());
  EXPECT_TRUE(run(client_.remove_container("farholm-no-such")));
  EXPECT_TRUE(run(client_.remove_volume("farholm-no-such")));
  EXPECT_FALSE(run(client_.start_container("farholm-no-such")));
}

TEST_F(DockerClientTest, makes_and_removes_volumes_and_networks_and_names_a_taken_subnet) {
  const Labels labels = {{kLabel, "1"}};
  ASSERT_TRUE(run(client_.create_volume("farholm-client-test", labels)));
  const auto volumes = run(client_.list_volumes(std::string(kLabel) + "=1"));
  ASSERT_EQ(volumes->size(), 1U);
  EXPECT_TRUE(run(client_.remove_volume("farholm-client-test")));
  ASSERT_TRUE(run(client_.create_network(
      {"farholm-client-test", "172.31.254.0/26", "172.31.254.1", "fh-clienttest", labels})));
  EXPECT_EQ(run(client_.inspect_network("farholm-client-test"))->value().subnet, "172.31.254.0/26");
  const auto overlapping =
      run(client_.create_network({"farholm-client-test2", "172.31.254.0/24", "172.31.254.1", "", labels}));
  EXPECT_TRUE(run(client_.remove_network("farholm-client-test")));
  ASSERT_FALSE(overlapping);
  EXPECT_EQ(overlapping.error().code, ErrorCode::Conflict);
  EXPECT_THAT(overlapping.error().message, HasSubstr("subnet is taken"));
}

TEST(DockerClientWithoutEngine, says_what_to_do) {
  io::posix::PosixWorld posix;
  DockerClient client(posix.loop(), posix.network(), *io::parse_endpoint("unix:/nonexistent/docker.sock"));
  const auto info = posix.loop().run(client.info());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::ServiceUnavailable);
  EXPECT_THAT(info.error().message,
              HasSubstr("Docker Engine does not answer at unix:/nonexistent/docker.sock"));
}

// A container to work in: whichever image of a Farholm node this engine has.
class DockerContainerTest : public DockerClientTest {
 protected:
  void SetUp() override {
    DockerClientTest::SetUp();
    if (IsSkipped()) return;
    const char* image = std::getenv("FARHOLM_TEST_IMAGE");
    if (image == nullptr)
      GTEST_SKIP() << "FARHOLM_TEST_IMAGE names no image with a shell: containers were not tested";
    ContainerSpec spec;
    spec.name = kName;
    spec.image = image;
    spec.entrypoint = {"/bin/sleep", "600"};
    spec.labels = {{kLabel, "1"}};
    spec.restart_always = false;
    (void)run(client_.remove_container(kName));
    const auto created = run(client_.create_container(spec));
    ASSERT_TRUE(created) << created.error().to_string();
  }
  void TearDown() override { (void)run(client_.remove_container(kName)); }
  static constexpr auto kName = "farholm-client-test";
};

TEST_F(DockerContainerTest, puts_files_in_before_the_start_and_runs_commands_with_input_and_output) {
  ASSERT_TRUE(run(client_.put_files(kName, "/etc", {{"farholm/greeting", "hello", 0644}})));
  ASSERT_TRUE(run(client_.start_container(kName)));
  EXPECT_EQ(run(client_.get_file(kName, "/etc/farholm/greeting"))->value_or(""), "hello");
  EXPECT_FALSE(run(client_.get_file(kName, "/etc/farholm/none"))->has_value());
  const std::string input(300'000, 'x');
  const auto output =
      run(client_.exec({kName, {"/bin/sh", "-c", "wc -c; echo oh >&2; exit 7"}, input, {}, 1 << 20}));
  ASSERT_TRUE(output) << output.error().to_string();
  EXPECT_EQ(output->exit_code, 7);
  EXPECT_EQ(output->out, "300000\n");
  EXPECT_EQ(output->err, "oh\n");
  const auto long_output =
      run(client_.exec({kName, {"/bin/sh", "-c", "head -c 100000 /dev/zero"}, "", {}, 1000}));
  EXPECT_EQ(long_output->out.size(), 1000U);
}

TEST_F(DockerContainerTest, pulls_an_image_that_its_registry_has_and_says_when_it_has_not) {
  const std::string image = std::getenv("FARHOLM_TEST_IMAGE");
  if (!image.starts_with("127.0.0.1:"))
    GTEST_SKIP() << image << " comes from no local registry: nothing was pulled";
  const auto pulled = run(client_.pull_image(image, {}));
  EXPECT_TRUE(pulled) << pulled.error().to_string();
  EXPECT_TRUE(run(client_.inspect_image(image))->has_value());
  EXPECT_FALSE(run(client_.pull_image(image + "-that-is-not-there", {})));
}

TEST_F(DockerContainerTest, tells_of_changes_to_what_is_watched) {
  io::Event changed(posix_.loop());
  io::Scope scope(posix_.loop());
  scope.spawn(client_.watch(std::string(kLabel) + "=1", changed));
  const auto tell = [](DockerClient& client, io::Event& event) -> io::Task<Result<void>> {
    co_await event.wait();  // it listens now
    event.clear();
    FARHOLM_CO_CHECK(co_await client.start_container(kName));
    co_await event.wait();
    co_return Result<void>{};
  };
  EXPECT_TRUE(run(io::with_deadline<void>(posix_.loop(), 20s, "No event came", tell(client_, changed))));
}

}  // namespace
}  // namespace farholm::driver::docker
