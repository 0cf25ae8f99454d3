// The plain parts of the client: requests, answers, errors, frames, archives, capabilities.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/docker/archive.h"
#include "driver/docker/capabilities.h"
#include "driver/docker/engine_error.h"
#include "driver/docker/engine_json.h"
#include "driver/docker/line_splitter.h"
#include "driver/docker/output_demux.h"

namespace farholm::driver::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ContainerBody, says_to_the_engine_what_the_spec_says) {
  ContainerSpec spec;
  spec.name = "store-etcd";
  spec.image = "etcd:3";
  spec.network = "site";
  spec.address = "172.30.1.3";
  spec.ports = {{"127.0.0.1", 16443, 6443}};
  spec.mounts = {{Mount::Kind::Volume, "store-etcd", "/var/lib/etcd", ""},
                 {Mount::Kind::Bind, "/srv/volumes", "/volumes", "rshared"},
                 {Mount::Kind::Tmpfs, "", "/run", "exec"}};
  spec.unmasked_system_paths = true;
  const json::Value body = container_body(spec);
  EXPECT_EQ(body["HostConfig"]["PortBindings"]["6443/tcp"][0]["HostPort"], "16443");
  EXPECT_EQ(body["HostConfig"]["PortBindings"]["6443/tcp"][0]["HostIp"], "127.0.0.1");
  EXPECT_TRUE(body["ExposedPorts"].contains("6443/tcp"));
  EXPECT_EQ(body["HostConfig"]["Mounts"][0]["Source"], "store-etcd");
  EXPECT_EQ(body["HostConfig"]["Binds"][0], "/srv/volumes:/volumes:rshared");
  EXPECT_EQ(body["HostConfig"]["Tmpfs"]["/run"], "exec");
  EXPECT_TRUE(body["HostConfig"]["MaskedPaths"].empty() && body["HostConfig"]["MaskedPaths"].is_array());
  EXPECT_EQ(body["HostConfig"]["RestartPolicy"]["Name"], "always");
  EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"]["site"]["IPAMConfig"]["IPv4Address"], "172.30.1.3");
}

TEST(ContainerAnswer, is_read_from_a_list_and_from_an_inspection_alike) {
  const auto listed = json::parse(R"([{"Id":"1","Names":["/a"],"State":"exited","Labels":{"k":"v"},
    "Mounts":[{"Type":"volume","Name":"vol"}],
    "Ports":[{"IP":"0.0.0.0","PrivatePort":6443,"PublicPort":16443,"Type":"tcp"},
             {"IP":"::","PrivatePort":6443,"PublicPort":16443,"Type":"tcp"},{"PrivatePort":80,"Type":"tcp"}],
    "NetworkSettings":{"Networks":{"n":{"IPAddress":"","IPAMConfig":{"IPv4Address":"172.30.1.9"}}}}}])");
  const ContainerInfo one = read_listed_container((*listed)[0]);
  EXPECT_EQ(one.name, "a");
  EXPECT_FALSE(one.running);
  EXPECT_EQ(one.address, "172.30.1.9");
  EXPECT_THAT(one.volumes, ElementsAre("vol"));
  EXPECT_THAT(one.ports, ElementsAre(PortBinding{"0.0.0.0", 16443, 6443}));
  const auto inspected = json::parse(R"({"Id":"1","Name":"/a","State":{"Running":true,"Status":"running",
    "ExitCode":0},"Config":{"Labels":{"k":"v"}},"RestartCount":2})");
  const ContainerInfo two = read_container(*inspected);
  EXPECT_TRUE(two.running);
  EXPECT_EQ(two.restart_count, 2);
  EXPECT_EQ(two.labels.at("k"), "v");
}

TEST(ContainerAnswer, that_is_not_what_we_expect_is_read_as_empty) {
  EXPECT_FALSE(read_container(json::Value::array()).running);
  EXPECT_EQ(read_listed_container(json::Value(3)).name, "");
  EXPECT_EQ(read_network(json::Value()).subnet, "");
}

TEST(EngineError, names_a_taken_port) {
  const Error error = engine_error(
      500,
      R"({"message":"driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:8080 failed: port is already allocated"})",
      "starting container x");
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_THAT(error.message, HasSubstr("Port 8080"));
  const Error proxy = engine_error(
      500,
      R"({"message":"Error starting userland proxy: listen tcp4 0.0.0.0:6443: bind: address already in use"})",
      "starting");
  EXPECT_THAT(proxy.message, HasSubstr("Port 6443"));
}

TEST(EngineError, names_a_taken_subnet_a_full_disk_and_a_missing_capability) {
  EXPECT_EQ(
      engine_error(403, R"({"message":"Pool overlaps with other one on this address space"})", "x").code,
      ErrorCode::Conflict);
  EXPECT_THAT(
      engine_error(500, R"({"message":"write /var/lib/docker/x: no space left on device"})", "x").message,
      HasSubstr("full"));
  EXPECT_EQ(
      engine_error(
          400, R"({"message":"OCI runtime create failed: unable to apply caps: operation not permitted"})",
          "x")
          .code,
      ErrorCode::Forbidden);
}

TEST(EngineError, quotes_what_it_does_not_know_and_survives_what_is_not_json) {
  EXPECT_THAT(engine_error(500, R"({"message":"strange"})", "x").message, HasSubstr("strange"));
  EXPECT_THAT(engine_error(502, "<html>", "x").message, HasSubstr("<html>"));
  EXPECT_EQ(engine_error(409, R"({"message":"Conflict. The container name is already in use"})", "x").code,
            ErrorCode::AlreadyExists);
}

std::string frame(char stream, std::string_view text) {
  std::string bytes = {stream, 0, 0, 0, 0, 0, 0, static_cast<char>(text.size())};
  return bytes.append(text);
}

TEST(OutputDemux, parts_stdout_and_stderr_wherever_the_bytes_are_cut) {
  const std::string bytes = frame(1, "out") + frame(2, "err") + frame(1, "") + frame(1, "more");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    OutputDemux demux(100);
    ASSERT_TRUE(demux.feed(std::string_view(bytes).substr(0, cut)));
    ASSERT_TRUE(demux.feed(std::string_view(bytes).substr(cut)));
    EXPECT_EQ(demux.out(), "outmore");
    EXPECT_EQ(demux.err(), "err");
    EXPECT_TRUE(demux.at_boundary());
  }
}

TEST(OutputDemux, keeps_no_more_than_its_limit_and_refuses_what_is_no_frame) {
  OutputDemux demux(5);
  ASSERT_TRUE(demux.feed(frame(1, "0123456789") + frame(1, "x")));
  EXPECT_EQ(demux.out(), "01234");
  OutputDemux garbage(5);
  EXPECT_FALSE(garbage.feed("HTTP/1.1 200 OK"));
}

TEST(Archive, gives_back_what_was_put_in) {
  auto bytes = make_archive({{"pki/etcd/ca.crt", "certificate", 0600}});
  ASSERT_TRUE(bytes);
  auto content = first_file_of_archive(*bytes);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->value_or(""), "certificate");
  EXPECT_EQ(*bytes, *make_archive({{"pki/etcd/ca.crt", "certificate", 0600}}));
}

TEST(Archive, that_is_garbage_or_cut_is_an_error_or_empty) {
  EXPECT_FALSE(first_file_of_archive("this is no archive, however long it may be").has_value());
  const auto bytes = make_archive({{"a", std::string(2000, 'x')}});
  const auto cut = first_file_of_archive(std::string_view(*bytes).substr(0, 700));
  EXPECT_TRUE(!cut || !cut->has_value() || (*cut)->size() < 2000);
}

TEST(Capabilities, are_read_from_the_kernels_mask) {
  const auto mask = bounding_set_of("Name:\tx\nCapBnd:\t000001fffeffffff\nCapAmb:\t0\n");
  ASSERT_TRUE(mask);
  const auto names = capability_names(*mask);
  EXPECT_EQ(std::ranges::count(names, "SYS_RESOURCE"), 0);
  EXPECT_EQ(std::ranges::count(names, "SYS_ADMIN"), 1);
  EXPECT_EQ(names.size(), 40U);
  EXPECT_FALSE(bounding_set_of("Name:\tx\n"));
}

TEST(LineSplitter, gives_whole_lines_and_drops_those_that_are_too_long) {
  LineSplitter lines(4);
  EXPECT_TRUE(lines.feed("ab").empty());
  EXPECT_THAT(lines.feed("c\r\nabcdefgh\n\nxy\n"), ElementsAre("abc", "xy"));
}

}  // namespace
}  // namespace farholm::driver::docker
