#include "core/event/catalogue.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"
#include "core/event/json_schema.hpp"

namespace tapedeck::event {
namespace {

TEST(Catalogue, HoldsEveryKindUnderItsName) {
  ASSERT_EQ(wire_shapes().size(), kinds - 1);
  for (const WireShape& event : wire_shapes()) {
    EXPECT_EQ(event.name, name_of(event.kind));
    EXPECT_EQ(find_wire_shape(event.name), &event);
    EXPECT_EQ(find_wire_shape(event.kind), &event);
    EXPECT_FALSE(event.meaning.empty()) << event.name;
  }
  EXPECT_EQ(find_wire_shape("participant_creates"), nullptr);
  EXPECT_EQ(find_wire_shape("unknown"), nullptr);
  EXPECT_EQ(find_wire_shape(Kind::unknown), nullptr);
}

TEST(Catalogue, KnowsTheThirtyEventsOfTheClientAndFourMore) {
  const auto heard = std::ranges::count(wire_shapes(), HeardBy::client, &WireShape::heard_by);
  EXPECT_EQ(heard, 30);
  for (const char* name : {"bye", "incoming", "incoming_cancelled", "service_update"}) {
    EXPECT_EQ(find_wire_shape(name)->heard_by, HeardBy::elsewhere) << name;
  }
}

TEST(Catalogue, KnowsTheTwentyPluginEvents) {
  std::set<std::string_view> names;
  for (const PluginShape& event : plugin_shapes()) {
    names.insert(event.name);
    EXPECT_EQ(find_plugin_shape(event.name), &event);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"applicationMessage",
                                               "authenticatedWithConference",
                                               "breakoutBegin",
                                               "breakoutEnd",
                                               "breakoutRefer",
                                               "conferenceStatus",
                                               "connected",
                                               "directMessage",
                                               "disconnected",
                                               "layoutUpdate",
                                               "me",
                                               "message",
                                               "participantJoined",
                                               "participantLeft",
                                               "participants",
                                               "presentationConnectionStateChange",
                                               "raiseHand",
                                               "stage",
                                               "transfer",
                                               "userInitiatedDisconnect"}));
  EXPECT_EQ(find_plugin_shape("Stage"), nullptr);
}

TEST(Catalogue, FindsAFieldByItsName) {
  const Shape& participant = find_wire_shape("participant_create")->payload;
  ASSERT_NE(participant.find_field("is_muted"), nullptr);
  EXPECT_TRUE(participant.find_field("is_muted")->shape.closed);
  EXPECT_EQ(participant.find_field("is_client_muted")->since, 36);
  EXPECT_EQ(participant.find_field("is_mute"), nullptr);
  EXPECT_EQ(find_wire_shape("stage")->payload.find_field("vad"), nullptr);
}

TEST(Catalogue, MarksTimesAndSecrets) {
  const Shape& participant = find_wire_shape("participant_update")->payload;
  for (const char* name : {"buzz_time", "spotlight", "start_time", "last_spoken_time"}) {
    EXPECT_EQ(participant.find_field(name)->shape.sense, Sense::time) << name;
  }
  EXPECT_EQ(find_wire_shape("refer")->payload.find_field("token")->shape.sense, Sense::secret);
  EXPECT_EQ(find_wire_shape("incoming")->payload.find_field("token")->shape.sense, Sense::secret);
}

class Schema : public testing::Test {
 protected:
  Value decode(const std::string& text) {
    const Decoded decoded = decoder_.decode(text);
    EXPECT_TRUE(decoded.ok()) << text;
    return decoded.value;
  }

  /// Every `$ref` below `value` names a definition of `definitions`.
  static void expect_references(const Value& value, const Value& definitions) {
    for (const Member& member : value.members()) {
      if (member.key == "$ref") {
        const std::string_view reference = member.value.as_string();
        ASSERT_TRUE(reference.starts_with("#/$defs/")) << reference;
        EXPECT_NE(definitions.find(reference.substr(8)), nullptr) << reference;
      }
      expect_references(member.value, definitions);
    }
    for (const Value& item : value.items()) {
      expect_references(item, definitions);
    }
  }

 private:
  Decoder decoder_;
};

TEST_F(Schema, DefinesEveryEventAndRefersToNothingElse) {
  const Value schema = decode(json_schema({}));
  EXPECT_TRUE(schema["$schema"].is_text("https://json-schema.org/draft/2020-12/schema"));
  for (const WireShape& event : wire_shapes()) {
    EXPECT_TRUE(schema["$defs"]["wire." + std::string(event.name)].is_object()) << event.name;
  }
  for (const PluginShape& event : plugin_shapes()) {
    EXPECT_TRUE(schema["$defs"]["plugin." + std::string(event.name)].is_object()) << event.name;
  }
  EXPECT_EQ(schema["oneOf"].items().size(), 54U);
  expect_references(schema, schema["$defs"]);
}

TEST_F(Schema, CanBeOfOneEvent) {
  for (const WireShape& event : wire_shapes()) {
    const Value schema = decode(*json_schema_of(event.name, {.wire = true, .plugin = false}));
    expect_references(schema, schema["$defs"]);
  }
  for (const PluginShape& event : plugin_shapes()) {
    const Value schema = decode(*json_schema_of(event.name, {.wire = false, .plugin = true}));
    expect_references(schema, schema["$defs"]);
  }
  EXPECT_FALSE(json_schema_of("nothing", {}));
  EXPECT_FALSE(json_schema_of("refer", {.wire = false, .plugin = true}));
}

TEST_F(Schema, SaysTypesChoicesAndWhatIsRequired) {
  const Value refer = decode(*json_schema_of("refer", {}));
  EXPECT_TRUE(refer["type"].is_text("object"));
  EXPECT_TRUE(refer["properties"]["alias"]["type"].is_text("string"));
  EXPECT_TRUE(refer["properties"]["target"]["examples"].items()[0].is_text("main"));
  ASSERT_EQ(refer["required"].items().size(), 2U);
  EXPECT_TRUE(refer["required"].items()[1].is_text("token"));

  const Value create = decode(*json_schema_of("participant_create", {}));
  const Value participant = create["$defs"]["wire.a_participant"];
  const Value muted = participant["properties"]["is_muted"]["enum"];
  ASSERT_EQ(muted.items().size(), 2U);
  EXPECT_TRUE(muted.items()[0].is_text("YES"));
  const Value group = participant["properties"]["layout_group"]["type"];
  ASSERT_EQ(group.items().size(), 2U);
  EXPECT_TRUE(group.items()[0].is_text("null"));

  EXPECT_TRUE(decode(*json_schema_of("stage", {}))["items"]["properties"]["vad"]["type"].is_text(
      "integer"));
}

}  // namespace
}  // namespace tapedeck::event
