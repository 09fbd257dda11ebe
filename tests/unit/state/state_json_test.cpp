#include "core/state/state_json.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

std::string state_json(const TestClient& client) {
  std::string text;
  append_state_json(text, client.reducer());
  return text;
}

TEST(StateJson, OfAJoinHasEveryMember) {
  EXPECT_EQ(
      state_json(TestClient(Client::client_20)),
      R"({"seq":0,"t_ns":0,"client":"client-20",)"
      R"("conference":{"alias":"meet.alice","name":"Meet Alice"},)"
      R"("self":{"uuid":"00000000-0000-4000-8000-000000000000","display_name":"tape",)"
      R"("role":"HOST","service_type":"conference"},)"
      R"("connection":{"state":"connected","id":0,"count":0,"disconnect":null},)"
      R"("token":{"expires_s":null,"refreshes_asked":0},)"
      R"("presentation":{"send":"new","recv":"new"},)"
      R"("rooms":[{"id":"main","self":"00000000-0000-4000-8000-000000000000","syncing":false,)"
      R"("status":null,"participants":[],"raised_hands":[],"spotlights":[],"presentation":null,)"
      R"("stage":null,"layout":null,"captions":null}],"chat":[],"transfer":null,)"
      R"("splash_screen":null,"counts":{"events":{},"unknown":{},"chat":0,"dropped":0}})");
}

TEST(StateJson, HasRoomsChatAndTransferWithoutItsToken) {
  TestClient client(Client::client_20);
  client.send("breakout_begin", R"({"breakout_uuid":"b1","participant_uuid":"me"})");
  client.send_in(R"("b1")", "participant_create", person("u1", R"("other":1)"));
  client.send("message_received", R"({"type":"text/plain","payload":"hi","origin":"A"})");
  client.send("refer", R"({"alias":"meet.bob","token":"secret"})");
  client.send("disconnect", R"({"reason":"Test call finished"})");
  const std::string text = state_json(client);
  event::Decoder decoder;
  const Value state = decoder.decode(text).value;
  const auto rooms = state["rooms"].items();
  ASSERT_EQ(rooms.size(), 2U);
  EXPECT_TRUE(rooms[1]["id"].is_text("b1"));
  EXPECT_TRUE(rooms[1]["self"].is_text("me"));
  EXPECT_EQ(rooms[1]["participants"].items().size(), 1U);
  EXPECT_EQ(json(state["transfer"]), R"({"alias":"meet.bob","breakout_name":null,"target":null})");
  EXPECT_TRUE(state["chat"].items()[0]["message"].is_text("hi"));
  EXPECT_EQ(json(state["connection"]["disconnect"]["error_code"]), R"("#pex143")");
  EXPECT_EQ(text.find("rawData"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST(StateJson, OrdersHandsAndSpotlightsByTheirTime) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1", R"("buzz_time":30,"spotlight":2)"));
  client.send("participant_create", person("u2", R"("buzz_time":0,"spotlight":"1")"));
  client.send("participant_create", person("u3", R"("buzz_time":20.5)"));
  client.send("participant_create", person("u4", R"("buzz_time":30)"));
  const auto uuids = [](const std::vector<const StoredParticipant*>& all) {
    std::string text;
    for (const StoredParticipant* stored : all) {
      text += std::string((*stored->payload)["uuid"].as_string()) + ' ';
    }
    return text;
  };
  EXPECT_EQ(uuids(raised_hands(client.state().main())), "u3 u1 u4 ");
  EXPECT_EQ(uuids(spotlights(client.state().main())), "u2 u1 ");
}

}  // namespace
}  // namespace tapedeck::state::test
