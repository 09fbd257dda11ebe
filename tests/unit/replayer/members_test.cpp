#include "replayer/members.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/units.hpp"

namespace tapedeck::replayer {
namespace {

class MembersTest : public testing::Test {
 protected:
  Members::Left note() {
    return [this](const Member& member, std::string_view why) {
      left.push_back(member.who.display_name + (why.empty() ? "" : ": " + std::string(why)));
    };
  }
  static JoinInfo named(const char* name) { return {.display_name = name}; }

  std::vector<std::string> left;
  const TokenRules strict{.life = std::chrono::seconds(60), .strict = true};
};

TEST_F(MembersTest, PastTheLimitTheOneWhoDidNothingForLongestIsForgotten) {
  Members members(note(), {}, 2);
  members.join(named("a"), 0);
  members.join(named("b"), 0);
  ASSERT_NE(members.find("token-1", 0), nullptr);
  members.join(named("c"), 0);
  EXPECT_EQ(left, std::vector<std::string>{"b"});
  EXPECT_EQ(members.find("token-2", 0), nullptr);
  EXPECT_NE(members.find("token-1", 0), nullptr);
  EXPECT_NE(members.find("token-3", 0), nullptr);
}

TEST_F(MembersTest, OfManyTokensTheLastOnesAreGood) {
  Members members(note());
  members.join(named("a"), 0);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(members.refresh(1, 0), "token-" + std::to_string(i + 2));
  }
  EXPECT_EQ(members.find("token-3", 0), nullptr);
  EXPECT_NE(members.find("token-4", 0), nullptr);
  EXPECT_NE(members.find("token-11", 0), nullptr);
}

TEST_F(MembersTest, WithoutStrictnessATokenIsGoodForEver) {
  Members members(note());
  members.join(named("a"), 0);
  members.refresh(1, 0);
  members.release_expired(INT64_MAX - 1);
  EXPECT_NE(members.find("token-1", INT64_MAX - 1), nullptr);
  EXPECT_EQ(members.next_expiry_ns(), std::nullopt);
  EXPECT_TRUE(left.empty());
}

TEST_F(MembersTest, AStrictTokenIsGoodForItsLife) {
  Members members(note(), strict);
  members.join(named("a"), 10);
  EXPECT_EQ(members.next_expiry_ns(), 10 + 60 * ns_per_s);
  EXPECT_NE(members.find("token-1", 9 + 60 * ns_per_s), nullptr);
  EXPECT_EQ(members.find("token-1", 10 + 60 * ns_per_s), nullptr);
}

TEST_F(MembersTest, ATokenThatWasRefreshedIsGoodAMomentLonger) {
  Members members(note(), strict);
  members.join(named("a"), 0);
  members.refresh(1, 20 * ns_per_s);
  EXPECT_NE(members.find("token-1", 24 * ns_per_s), nullptr);
  EXPECT_EQ(members.find("token-1", 25 * ns_per_s), nullptr);
  EXPECT_NE(members.find("token-2", 79 * ns_per_s), nullptr);
  EXPECT_EQ(members.find("token-2", 80 * ns_per_s), nullptr);
}

TEST_F(MembersTest, ARefreshAtTheLastMomentDoesNotMakeTheOldTokenLiveLonger) {
  Members members(note(), strict);
  members.join(named("a"), 0);
  members.refresh(1, 58 * ns_per_s);
  EXPECT_EQ(members.find("token-1", 60 * ns_per_s), nullptr);
}

TEST_F(MembersTest, WhoDoesNotRefreshInTimeIsOutAndTheOthersStay) {
  Members members(note(), strict);
  members.join(named("a"), 0);
  members.join(named("b"), 0);
  members.join(named("c"), 30 * ns_per_s);
  members.refresh(2, 20 * ns_per_s);
  members.release_expired(60 * ns_per_s - 1);
  EXPECT_TRUE(left.empty());
  members.release_expired(60 * ns_per_s);
  EXPECT_EQ(left, std::vector<std::string>{"a: Timer expired awaiting token refresh"});
  EXPECT_EQ(members.next_expiry_ns(), 80 * ns_per_s);
  members.release_expired(90 * ns_per_s);
  EXPECT_EQ(left.size(), 3U);
  EXPECT_EQ(members.next_expiry_ns(), std::nullopt);
}

TEST_F(MembersTest, WhoIsReleasedGoesWithoutAReason) {
  Members members(note(), strict);
  members.join(named("a"), 0);
  members.release(1);
  EXPECT_EQ(left, std::vector<std::string>{"a"});
  EXPECT_EQ(members.find("token-1", 0), nullptr);
}

}  // namespace
}  // namespace tapedeck::replayer
