#include "recorder/dial.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"

namespace tapedeck::recorder {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

class DialTest : public testing::Test {
 protected:
  static tcp::endpoint at(const std::string& address, std::uint16_t port = 0) {
    return {make_address(address), port};
  }
  /// Runs the loop until `dial` has an outcome.
  std::string outcome(const std::function<void(Dial::Done)>& start) {
    std::optional<std::string> told;
    start([&](const std::string& failure) { told = failure; });
    while (!told && loop_.run_one_until(loop_.now_ns() + 20 * ns_per_s)) {
    }
    return told.value_or("never told");
  }
  std::string outcome(Dial& dial, const Dial::Endpoints& endpoints) {
    return outcome([&](Dial::Done done) { dial.start("node port 1", endpoints, std::move(done)); });
  }

  EventLoop loop_;
  tcp::acceptor open_{loop_.context(), at("127.0.0.1")};
  std::shared_ptr<Dial> dial_ = std::make_shared<Dial>(loop_.context());

  /// A port where nobody listens.
  tcp::endpoint refusing() {
    tcp::acceptor gone(loop_.context(), at("127.0.0.1"));
    return gone.local_endpoint();
  }
};

TEST_F(DialTest, TheFamiliesTakeTurns) {
  const Dial::Endpoints mixed = interleaved(
      {at("2001:db8::1"), at("2001:db8::2"), at("2001:db8::3"), at("192.0.2.1"), at("192.0.2.2")});
  EXPECT_EQ(mixed, (Dial::Endpoints{at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::2"),
                                    at("192.0.2.2"), at("2001:db8::3")}));
}

TEST_F(DialTest, AnAddressThatRefusesIsPassedOver) {
  EXPECT_EQ(outcome(*dial_, {refusing(), refusing(), open_.local_endpoint()}), "");
  EXPECT_EQ(dial_->take().remote_endpoint(), open_.local_endpoint());
}

TEST_F(DialTest, AnAddressThatDoesNotAnswerIsNotWaitedFor) {
  // A queue of one connection that nobody accepts: the kernel leaves further ones unanswered.
  tcp::acceptor silent(loop_.context());
  silent.open(tcp::v4());
  silent.bind(at("127.0.0.1"));
  silent.listen(0);
  std::vector<tcp::socket> queued;
  for (int i = 0; i < 2; ++i) {
    queued.emplace_back(loop_.context()).async_connect(silent.local_endpoint(), [](auto) {});
  }
  const std::int64_t start_ns = loop_.now_ns();
  EXPECT_EQ(outcome(*dial_, {silent.local_endpoint(), open_.local_endpoint()}), "");
  EXPECT_LT(loop_.now_ns() - start_ns, 10 * ns_per_s);
}

TEST_F(DialTest, WhenAllRefuseTheReasonSaysSo) {
  EXPECT_EQ(outcome(*dial_, {refusing()}), "cannot connect to node port 1: Connection refused");
  const auto again = std::make_shared<Dial>(loop_.context());
  EXPECT_EQ(outcome(*again, {refusing(), refusing()}),
            "cannot connect to node port 1: Connection refused (2 addresses tried)");
}

TEST_F(DialTest, ANameIsLookedUp) {
  EXPECT_EQ(outcome([&](Dial::Done done) {
              dial_->start("localhost", open_.local_endpoint().port(), std::move(done));
            }),
            "");
}

TEST_F(DialTest, AnIPv6AddressIsReached) {
  boost::system::error_code error;
  tcp::acceptor six(loop_.context());
  six.open(tcp::v6(), error);
  if (!error) {
    six.bind(at("::1"), error);
  }
  if (error) {
    GTEST_SKIP() << "no IPv6 here: " << error.message();
  }
  six.listen();
  EXPECT_EQ(outcome([&](Dial::Done done) {
              dial_->start("::1", six.local_endpoint().port(), std::move(done));
            }),
            "");
}

TEST_F(DialTest, WhatIsCancelledTellsNothing) {
  dial_->start("node port 1", {open_.local_endpoint()}, [](const std::string&) { FAIL(); });
  dial_->cancel();
  while (loop_.run_one_until(loop_.now_ns() + 10 * ns_per_ms)) {
  }
}

}  // namespace
}  // namespace tapedeck::recorder
