#include "replayer/address.hpp"

#include <gtest/gtest.h>

namespace tapedeck::replayer {
namespace {

TEST(Address, ReadsAHostAndAPort) {
  const auto address = parse_address("127.0.0.1:8080");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, 8080);
  EXPECT_EQ(parse_address("localhost:0")->host, "localhost");
  EXPECT_EQ(parse_address("localhost:65535")->port, 65535);
}

TEST(Address, IPv6StandsInBrackets) {
  const auto address = parse_address("[::1]:0");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(to_string(*address), "[::1]:0");
  EXPECT_EQ(to_string(Address{}), "127.0.0.1:8080");
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                           "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:80x", "::1:8080", "[]:1",
                           "[::1]", "[::1:8080", "http://127.0.0.1:8080", "a b:1"}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::usage) << text;
  }
}

}  // namespace
}  // namespace tapedeck::replayer
