// The server under TLS, and what it says about files that it cannot use.
#include "replayer/tls.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/sanitizer.hpp"
#include "tests/support/test_authority.hpp"
#include "tests/unit/replayer/http_client.hpp"
#include "tests/unit/replayer/running_server.hpp"

namespace tapedeck::replayer {
namespace {

using test::HttpClient;
using test::joined;
using test::play;
using test::RunningServer;
using test::StoredFrame;
using namespace std::chrono_literals;

const std::vector<StoredFrame> two_frames{{0, "data: 1\n\n"}, {0, "data: 2\n\n"}};

class ServerTlsTest : public testing::Test {
 protected:
  ServerTlsTest() { std::filesystem::create_directories(folder_); }
  ~ServerTlsTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  /// Options of a server whose certificate the test's authority has signed.
  ServerOptions secure() {
    const test::Identity issued = authority_.issue({.names = {"IP:127.0.0.1"}});
    ServerOptions options;
    options.identity = ServerIdentity{file("cert.pem", issued.certificate + issued.key)};
    return options;
  }
  [[nodiscard]] const std::string& authority() const { return authority_.certificate(); }

  static std::string refusal(const ServerIdentity& identity) {
    const auto context = make_tls_context(identity);
    return context ? "none" : context.error().message;
  }

 private:
  const testing::TestInfo& info_ = *testing::UnitTest::GetInstance()->current_test_info();
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("tapedeck-server-" + std::string(info_.name()) + std::to_string(::getpid()));
  test::TestAuthority authority_;
};

TEST_F(ServerTlsTest, ItsUrlSaysSo) {
  RunningServer server(play({}), secure());
  EXPECT_TRUE(server.url().starts_with("https://127.0.0.1:")) << server.url();
}

TEST_F(ServerTlsTest, AnswersAndStreamsAreTheSameAsWithout) {
  RunningServer server(play(two_frames), secure());
  HttpClient rest(server.port(), authority());
  EXPECT_EQ(rest.ask("GET", "/nothing").status, 404);
  EXPECT_EQ(rest.ask("GET", "/api/client/v2/status").status, 200) << "on the same connection";
  HttpClient stream(server.port(), authority());
  stream.request("GET", "/events");
  EXPECT_EQ(stream.head().status, 200);
  EXPECT_EQ(stream.chunked(joined(two_frames).size()), joined(two_frames));
  server.request_stop();
  EXPECT_EQ(stream.chunked_to_end(), "") << "the body ends as HTTP says";
  EXPECT_TRUE(stream.closes());
  EXPECT_TRUE(stream.was_told_of_the_end());
}

TEST_F(ServerTlsTest, ALargeBodyArrivesByteForByte) {
  std::vector<StoredFrame> frames;
  for (int i = 0; i < 200; ++i) {
    frames.push_back({0, "data: " + std::string(50'000, static_cast<char>('a' + i % 26)) + "\n\n"});
  }
  ServerOptions options = secure();
  options.once = true;
  RunningServer server(play(frames), options);
  HttpClient client(server.port(), authority());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked_to_end(), joined(frames));
  server.wait();
}

TEST_F(ServerTlsTest, AnOldClientIsToldWhereThePlainBodyEnds) {
  ServerOptions options = secure();
  options.once = true;
  RunningServer server(play(two_frames), options);
  HttpClient client(server.port(), authority());
  client.send("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.to_end(), joined(two_frames));
  EXPECT_TRUE(client.was_told_of_the_end());
}

TEST_F(ServerTlsTest, TheLastAnswerOfAConnectionArrives) {
  RunningServer server(play({}), secure());
  HttpClient client(server.port(), authority());
  client.request("GET", "/nothing", "Connection: close\r\n");
  EXPECT_EQ(client.response().status, 404);
  EXPECT_EQ(client.to_end(), "");
  EXPECT_TRUE(client.was_told_of_the_end());
}

TEST_F(ServerTlsTest, AConnectionThatBreaksOffDoesNotSayThatItEnds) {
  ServerOptions options = secure();
  FaultPlan faults({parse_fault("drop:frame=1,torn=1").value()}, 1);
  options.faults = &faults;
  RunningServer server(play(two_frames), options);
  HttpClient client(server.port(), authority());
  client.request("GET", "/events");
  EXPECT_EQ(client.head().status, 200);
  EXPECT_EQ(client.chunked(1), "d");
  EXPECT_EQ(client.chunked_to_end(), std::nullopt);
  EXPECT_FALSE(client.was_told_of_the_end());
}

TEST_F(ServerTlsTest, WhoDoesNotSpeakItIsCutOffAndNobodyElseMinds) {
  ServerOptions options = secure();
  options.limits.request_time_max = 50ms;
  RunningServer server(play({}), options);
  HttpClient plain(server.port());
  plain.request("GET", "/events");
  HttpClient silent(server.port());
  EXPECT_TRUE(plain.closes());
  EXPECT_TRUE(silent.closes());
  HttpClient client(server.port(), authority());
  EXPECT_EQ(client.ask("GET", "/nothing").status, 404);
}

TEST_F(ServerTlsTest, StoppingDoesNotWaitForAHandshake) {
  RunningServer server(play({}), secure());
  HttpClient silent(server.port());
  HttpClient client(server.port(), authority());
  EXPECT_EQ(client.ask("GET", "/nothing").status, 404) << "the silent one has been accepted";
  const auto start = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s * test::slowdown);
}

TEST_F(ServerTlsTest, FilesThatCannotBeUsedAreOneSentence) {
  const test::TestAuthority authority;
  const test::Identity one = authority.issue({.names = {"IP:127.0.0.1"}});
  const test::Identity other = authority.issue({.names = {"IP:127.0.0.1"}});
  const std::string cert = file("cert.pem", one.certificate);
  const std::string key = file("key.pem", one.key);
  EXPECT_EQ(refusal({cert, key}), "none");
  EXPECT_EQ(refusal({file("both.pem", one.certificate + one.key)}), "none");

  const std::string wrong_key = file("other.pem", other.key);
  EXPECT_EQ(refusal({cert, wrong_key}),
            "the key in '" + wrong_key + "' does not belong to the certificate in '" + cert + "'");
  EXPECT_TRUE(refusal({"/nowhere/cert.pem", key})
                  .starts_with("cannot read a certificate in PEM from '/nowhere/cert.pem': "));
  EXPECT_TRUE(
      refusal({cert, cert}).starts_with("cannot read a private key in PEM from '" + cert + "': "));
  EXPECT_TRUE(refusal({cert}).ends_with("; give its file with --key"));

  ServerOptions options;
  options.address = {"127.0.0.1", 0};
  options.identity = ServerIdentity{cert, wrong_key};
  EXPECT_FALSE(Server::listen(std::move(options), play({}))) << "before it listens";
}

}  // namespace
}  // namespace tapedeck::replayer
