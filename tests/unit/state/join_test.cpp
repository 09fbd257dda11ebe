#include "core/state/join.hpp"

#include <gtest/gtest.h>

#include "core/state/error_code.hpp"
#include "core/state/message_id.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

TEST(Join, EmitsInTheOrderOfEachClient) {
  EXPECT_EQ(TestClient(Client::client_17).joined(),
            (Texts{R"(onServiceType "conference")",
                   R"(onAuthenticatedWithConference {"conferenceAlias":"meet.alice",)"
                   R"("conferenceName":"Meet Alice"})"}));
  const Texts later{R"(onServiceType "conference")", "onConnected",
                    R"(onAuthenticatedWithConference {"token":"token",)"
                    R"("conferenceAlias":"meet.alice","conferenceName":"Meet Alice"})"};
  EXPECT_EQ(TestClient(Client::client_19).joined(), later);
  EXPECT_EQ(TestClient(Client::client_20).joined(), later);
}

TEST(Join, TellsWhatItWasTold) {
  Join join;
  join.alias = "room_7";
  join.conference_name = "Seven";
  join.service_type = "waiting_room";
  EXPECT_EQ(TestClient(Client::client_17, join).joined(),
            (Texts{R"(onServiceType "waiting_room")",
                   R"(onAuthenticatedWithConference {"conferenceAlias":"room_7",)"
                   R"("conferenceName":"Seven"})"}));
}

TEST(Join, NamesAConferenceAfterItsAlias) {
  EXPECT_EQ(conference_name_of("meet.alice"), "Meet Alice");
  EXPECT_EQ(conference_name_of("team-a_daily stand@example.com"), "Team A Daily Stand");
  EXPECT_EQ(conference_name_of("..7"), "7");
  EXPECT_EQ(conference_name_of("@"), "@");
}

TEST(Connection, IsToldByThreeClientsInTwoWays) {
  for (const ClientPolicy& policy : client_policies) {
    TestClient client(policy.client);
    EXPECT_EQ(client.send("on_hold", "{}"), Texts{});
    client.reconnect();
    const Texts told = client.send("on_hold", "{}");
    EXPECT_EQ(told, policy.connected_by_stream ? Texts{"onConnected"} : Texts{}) << policy.name;
    EXPECT_EQ(client.state().connection_id, 2U);
    EXPECT_EQ(client.state().counts.connections, 2U);
  }
}

TEST(Disconnect, TearsTheCallDownAndEndsEverything) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("disconnect", R"({"reason":"Disconnected by another participant"})"),
            (Texts{R"(onDisconnected {"error":"Disconnected by another participant",)"
                   R"("errorCode":"#pex124"})",
                   R"(onPresentationConnectionChange {"send":"new","recv":"disconnected"})",
                   R"(onPresentationConnectionChange {"send":"disconnected",)"
                   R"("recv":"disconnected"})"}));
  EXPECT_EQ(client.send("participant_create", person("u1")), Texts{});
  EXPECT_EQ(client.outcome().fate, Fate::late);
  client.reconnect();
  EXPECT_EQ(client.send("stage", "[]"), Texts{});
}

TEST(Disconnect, TakesAMissingReasonForAnUnknownOne) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("disconnect", "{}").front(), R"(onDisconnected {"errorCode":"#pex117"})");
}

TEST(Disconnect, IsDroppedWithoutAnObject) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("disconnect", "null"), Texts{});
  EXPECT_EQ(client.outcome().fate, Fate::dropped);
  EXPECT_FALSE(client.state().disconnect.has_value());
}

TEST(ErrorCode, IsExactAboutTheReason) {
  const auto code = [](std::string_view reason) { return error_code(Value::string(reason)); };
  EXPECT_EQ(code("Invalid PIN"), "#pex101");
  EXPECT_EQ(code("invalid PIN"), "#pex117");
  EXPECT_EQ(code("Timer expired awaiting token refresh"), "#pex113");
  EXPECT_EQ(code("Could not reconnect to the meeting"), "#pex117");
  EXPECT_EQ(error_code(Value()), "#pex117");
}

TEST(MessageId, IsAVersion5UuidOfItsFrame) {
  EXPECT_EQ(MessageId(1).text(), MessageId(1).text());
  EXPECT_NE(MessageId(1).text(), MessageId(2).text());
  const std::string id(MessageId(12345).text());
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '5');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

}  // namespace
}  // namespace tapedeck::state::test
