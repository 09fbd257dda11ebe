#include "core/state/participant.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

/// The Participant object of a client for a payload, without rawData; "throws" where it throws.
std::string made(std::string_view payload, Client client = Client::client_20) {
  event::Decoder decoder;
  event::Arena arena;
  const Value value = decoder.decode(payload).value;
  try {
    return json(Participant(value, policy_of(client)).to_value(client, arena));
  } catch (const Thrown&) {
    return "throws";
  }
}

std::string member(std::string_view payload, std::string_view key,
                   Client client = Client::client_20) {
  event::Decoder decoder;
  event::Arena arena;
  const Value value = decoder.decode(payload).value;
  const Value object = Participant(value, policy_of(client)).to_value(client, arena);
  return object[key].is_undefined() ? "undefined" : json(object[key]);
}

TEST(Participant, HasTheMembersAndTheOrderOfClient20) {
  EXPECT_EQ(made(R"({"uuid":"u"})"),
            R"({"callType":"api","canControl":false,"canChangeLayout":false,"canDisconnect":false,)"
            R"("canFecc":false,"canMute":false,"canRaiseHand":true,"canSpotlight":true,)"
            R"("canTransfer":false,"isConjoined":false,"isConnecting":false,"isGateway":false,)"
            R"("isHost":false,"isMainVideoDroppedOut":false,"isMuted":false,"isClientMuted":false,)"
            R"("isPresenting":false,"isSpotlight":false,"isTransferring":false,"isWaiting":false,)"
            R"("needsPresentationInMix":false,"raisedHand":false,"rxPresentation":false,)"
            R"("startAt":null,"uri":"","uuid":"u","canReceivePersonalMix":false})");
}

TEST(Participant, HasAnIdentityUpTo17AndLessOfTheLaterMembers) {
  EXPECT_EQ(member(R"({"uuid":"u"})", "identity", Client::client_17), R"("u")");
  EXPECT_EQ(member(R"({"uuid":"u"})", "identity", Client::client_19), "undefined");
  EXPECT_EQ(member(R"({"uuid":"u","has_media":true})", "hasMedia", Client::client_17), "undefined");
  EXPECT_EQ(member(R"({"uuid":"u","has_media":true})", "hasMedia", Client::client_19), "true");
}

TEST(Participant, TakesYesForYesAndNothingElse) {
  EXPECT_EQ(member(R"({"uuid":"u","is_muted":"YES"})", "isMuted"), "true");
  EXPECT_EQ(member(R"({"uuid":"u","is_muted":"yes"})", "isMuted"), "false");
  EXPECT_EQ(member(R"({"uuid":"u","is_muted":true})", "isMuted"), "false");
  EXPECT_EQ(member(R"({"uuid":"u","is_conjoined":"NO"})", "isConjoined"), "true");
}

TEST(Participant, ComparesTimesAsJavaScriptDoes) {
  EXPECT_EQ(member(R"({"uuid":"u","spotlight":"12"})", "isSpotlight"), "true");
  EXPECT_EQ(member(R"({"uuid":"u","spotlight":["5"]})", "isSpotlight"), "true");
  EXPECT_EQ(member(R"({"uuid":"u","spotlight":{}})", "isSpotlight"), "false");
  EXPECT_EQ(member(R"({"uuid":"u","buzz_time":null})", "raisedHand"), "false");
  EXPECT_EQ(member(R"({"uuid":"u","buzz_time":"0x0"})", "raisedHand"), "false");
  EXPECT_EQ(made(R"({"uuid":"u","buzz_time":{"toString":0}})"), "throws");
}

TEST(Participant, DatesItsStart) {
  EXPECT_EQ(member(R"({"uuid":"u","start_time":1700484383.846972})", "startAt"),
            R"("2023-11-20T12:46:23.846Z")");
  EXPECT_EQ(member(R"({"uuid":"u","start_time":null})", "startAt"),
            R"("1970-01-01T00:00:00.000Z")");
  EXPECT_EQ(member(R"({"uuid":"u","start_time":1e300})", "startAt"), "null");
}

TEST(Participant, IsNamedByItsNameOrItsAddress) {
  EXPECT_EQ(member(R"({"uuid":"u","display_name":"A","uri":"sip:b"})", "displayName"), R"("A")");
  EXPECT_EQ(member(R"({"uuid":"u","display_name":"","uri":"x sip:b sip:c"})", "displayName"),
            R"("x b sip:c")");
  EXPECT_EQ(member(R"({"uuid":"u","uri":"\ud83dsip:\ude00"})", "displayName"),
            "\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(member(R"({"uuid":"u"})", "displayName"), "undefined");
  EXPECT_EQ(member(R"({"uuid":"u","display_name":7})", "displayName"), "7");
}

TEST(Participant, NeedsAnAddressWithTheMethodsThatAreCalled) {
  EXPECT_EQ(made(R"({"uuid":"u","uri":7,"display_name":"A"})"), "throws");
  EXPECT_EQ(made(R"({"uuid":"u","uri":["sip"]})"), "throws");
  EXPECT_EQ(member(R"({"uuid":"u","uri":["sip"],"display_name":"A"})", "isEndpoint"), "true");
  EXPECT_EQ(member(R"({"uuid":"u","uri":["x sip"],"display_name":"A"})", "isEndpoint"), "false");
  EXPECT_EQ(member(R"({"uuid":"u","uri":null})", "isEndpoint"), "undefined");
}

TEST(Participant, ControlsAsAChairOfAConference) {
  const auto rights = [](std::string_view service, std::string_view role) {
    const std::string payload = R"({"uuid":"u","service_type":")" + std::string(service) +
                                R"(","role":")" + std::string(role) + R"("})";
    return member(payload, "canControl") + member(payload, "canChangeLayout") +
           member(payload, "canRaiseHand");
  };
  EXPECT_EQ(rights("conference", "chair"), "truetruetrue");
  EXPECT_EQ(rights("conference", "guest"), "falsefalsetrue");
  EXPECT_EQ(rights("gateway", "chair"), "falsetruefalse");
  EXPECT_EQ(rights("waiting_room", "chair"), "falsefalsetrue");
}

}  // namespace
}  // namespace tapedeck::state::test
