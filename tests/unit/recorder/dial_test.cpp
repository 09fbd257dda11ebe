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
  AddressBook book_;
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
              dial_->start("localhost", open_.local_endpoint().port(), book_, std::move(done));
            }),
            "");
}

TEST_F(DialTest, WhatStandsInTheBookIsNotLookedUp) {
  ASSERT_TRUE(book_.enter("node.invalid=127.0.0.1"));
  EXPECT_EQ(outcome([&](Dial::Done done) {
              dial_->start("node.invalid", open_.local_endpoint().port(), book_, std::move(done));
            }),
            "");
  EXPECT_EQ(dial_->endpoint(), open_.local_endpoint());
}

TEST_F(DialTest, AnAddressIsNotLookedUpUnlessItStandsInTheBook) {
  EXPECT_EQ(book_.entered("192.0.2.1", 7), (Dial::Endpoints{at("192.0.2.1", 7)}));
  EXPECT_EQ(book_.entered("2001:db8::1", 7), (Dial::Endpoints{at("2001:db8::1", 7)}));
  for (const char* name : {"192.0.2", "192.0.2.1.", "3221225985", "[2001:db8::1]", "node", ""}) {
    EXPECT_TRUE(book_.entered(name, 7).empty()) << name;
  }
  ASSERT_TRUE(book_.enter("192.0.2.1=127.0.0.1"));
  EXPECT_EQ(book_.entered("192.0.2.1", 7), (Dial::Endpoints{at("127.0.0.1", 7)}));
}

TEST_F(DialTest, TheAddressThatServedLastGoesFirstAndWhatFailedSinceLast) {
  const Dial::Endpoints all{at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3")};
  EXPECT_EQ(book_.ordered("node", all), all);
  book_.served("node", all[2]);
  EXPECT_EQ(book_.ordered("node", all), (Dial::Endpoints{all[2], all[0], all[1]}));
  book_.failed("node", all[0]);
  EXPECT_EQ(book_.ordered("node", all), (Dial::Endpoints{all[2], all[1], all[0]}));
  book_.failed("node", all[2]);
  EXPECT_EQ(book_.ordered("node", all), (Dial::Endpoints{all[1], all[0], all[2]}));
  book_.served("node", all[0]);
  EXPECT_EQ(book_.ordered("node", all), (Dial::Endpoints{all[0], all[1], all[2]}));
  EXPECT_EQ(book_.ordered("other", all), all);
}

TEST_F(DialTest, AnEntryNamesAHostAndAddresses) {
  EXPECT_TRUE(book_.enter("Node.test=192.0.2.1,2001:db8::1"));
  EXPECT_EQ(book_.entered("node.test", 7),
            (Dial::Endpoints{at("192.0.2.1", 7), at("2001:db8::1", 7)}));
  EXPECT_TRUE(book_.entered("other.test", 7).empty());
  for (const char* text : {"", "node", "node=", "=192.0.2.1", "node=x", "node=192.0.2.1,",
                           "node=192.0.2.1,,192.0.2.2", "node=192.0.2.1:80"}) {
    EXPECT_FALSE(book_.enter(text)) << text;
  }
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
              dial_->start("::1", six.local_endpoint().port(), book_, std::move(done));
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
