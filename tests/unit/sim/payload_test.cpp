#include "core/sim/payload.hpp"

#include <gtest/gtest.h>

namespace tapedeck::sim {
namespace {

TEST(Payload, EventIdsAreThoseOfANode) {
  EXPECT_EQ(event_id("10.44.99.2", 18), "MTAuNDQuOTkuMl8xOA==");
  EXPECT_EQ(event_id("27", 2), "MjdfMg==");
  EXPECT_EQ(event_id("27", 21), "MjdfMjE=");
  EXPECT_EQ(event_id("27", 321), "MjdfMzIx");
}

std::string start_time_of(std::int64_t wall_ns) {
  Participant participant;
  participant.start_wall_ns = wall_ns;
  const std::string payload = participant_payload(participant);
  const std::size_t at = payload.find("\"start_time\":") + 13;
  return payload.substr(at, payload.find(',', at) - at);
}

TEST(Payload, TimesAreSecondsWithAFractionOrTheNumberZero) {
  EXPECT_EQ(start_time_of(0), "0");
  EXPECT_EQ(start_time_of(epoch_ns), "1767603600.0");
  EXPECT_EQ(start_time_of(epoch_ns + 250'000'000), "1767603600.25");
  EXPECT_EQ(start_time_of(epoch_ns + 1'000), "1767603600.000001");
  EXPECT_EQ(start_time_of(epoch_ns + 1'999), "1767603600.000001");
}

Room room_of(std::initializer_list<const char*> uuids) {
  Room room;
  Leg leg = no_leg;
  for (const char* uuid : uuids) {
    Participant participant;
    participant.uuid = uuid;
    participant.has_media = true;
    participant.has_video = true;
    room.participants.emplace(++leg, participant);
    room.stage.push_back(leg);
  }
  return room;
}

TEST(Payload, TheStageListsWhoSpeaksFirst) {
  Room room = room_of({"a", "b"});
  room.speaking.insert(1);
  EXPECT_EQ(stage_payload(room), R"([{"participant_uuid":"a","stage_index":0,"vad":100},)"
                                 R"({"participant_uuid":"b","stage_index":1,"vad":0}])");
  EXPECT_EQ(stage_payload(Room{}), "[]");
}

TEST(Payload, TheLayoutShowsTheSpotlightedFirstAndNobodyWithoutAPicture) {
  Room room = room_of({"a", "b", "c", "d"});
  room.participants.at(1).video_muted = true;
  room.participants.at(4).spotlight_wall_ns = 5;
  EXPECT_NE(layout_payload(room).find(R"("participants":["d","b","c"])"), std::string::npos);
  room.layout = "1:0";
  EXPECT_NE(layout_payload(room).find(R"("participants":["d"])"), std::string::npos);
}

TEST(Payload, AChatOfDataIsJsonInAString) {
  Participant from;
  from.uuid = "u";
  from.display_name = "Zoë \"Z\"";
  EXPECT_EQ(chat_payload(from, {.type = "application/json", .payload = R"({"a":1})"}),
            R"({"origin":"Zoë \"Z\"","type":"application/json","payload":"{\"a\":1}",)"
            R"("uuid":"u","direct":false})");
}

TEST(Payload, OnlyABreakoutRoomTellsItsName) {
  Room room;
  EXPECT_EQ(status_payload(room).find("breakout_name"), std::string::npos);
  room.id = 1;
  room.name = "Room 1";
  EXPECT_NE(status_payload(room).find(R"("breakout_name":"Room 1")"), std::string::npos);
  EXPECT_NE(status_payload(room).find(R"("breakoutbuzz":{"value":false,"time":0})"),
            std::string::npos);
}

}  // namespace
}  // namespace tapedeck::sim
