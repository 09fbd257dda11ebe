#include "core/state/plugin_events.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/event/catalogue.hpp"
#include "core/sim/sim_source.hpp"
#include "core/verdict/shape_check.hpp"
#include "tests/support/stream_generator.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

/// What a plugin sees of a stream, as short texts.
Texts seen(PluginApi api, std::string_view stream) {
  Derivation derivation(Join{}, {.client = client_of(api)});
  PluginEvents events(api);
  Texts texts;
  derivation.push({1, 1, 1}, wall_ns, stream);
  while (const auto step = derivation.next()) {
    for (const PluginEvent& event : events.from(*step)) {
      texts.push_back(described(event.name, event.payload));
    }
  }
  texts.erase(texts.begin());  // authenticatedWithConference
  return texts;
}

std::string event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

TEST(PluginEvents, BeginWithTheJoin) {
  Derivation derivation(Join{}, {.client = client_of(PluginApi::api_19)});
  PluginEvents events(PluginApi::api_19);
  const auto step = derivation.next();
  ASSERT_EQ(events.from(*step).size(), 1U);
  EXPECT_EQ(described(events.from(*step)[0].name, events.from(*step)[0].payload),
            R"(authenticatedWithConference {"conferenceAlias":"meet.alice",)"
            R"("conferenceName":"Meet Alice"})");
}

TEST(PluginEvents, ListTheRosterAtEachChange) {
  EXPECT_EQ(seen(PluginApi::api_19, event("participant_create", person("u1")) +
                                        event("participant_update", person("u1")) +
                                        event("participant_delete", person("u1"))),
            (Texts{R"(participantJoined "main"/"u1")", R"(participants "main": "u1")",
                   R"(participants "main": "u1")", R"(participantLeft "main"/"u1")",
                   R"(participants "main":)"}));
}

TEST(PluginEvents, TellActivitiesFrom22On) {
  const Texts texts = seen(PluginApi::api_22, event("participant_create", person("u1")) +
                                                  event("participant_update", person("u1")) +
                                                  event("participant_delete", person("u1")));
  ASSERT_EQ(texts.size(), 5U);
  EXPECT_EQ(texts[0], R"(participantJoined "main"/"u1")");
  EXPECT_TRUE(texts[1].starts_with(
      R"(participantsActivities [{"roomId":"main","activity":{"type":0,"participant":{)"));
  EXPECT_NE(texts[2].find(R"("type":2)"), std::string::npos);
  EXPECT_EQ(texts[3], R"(participantLeft "main"/"u1")");
  EXPECT_NE(texts[4].find(R"("type":1)"), std::string::npos);
}

TEST(PluginEvents, TellMessagesByWhomTheyAreFor) {
  const auto names = [](std::string_view direct) {
    const Texts texts =
        seen(PluginApi::api_19, event("message_received", R"({"type":"text/plain","payload":"x")" +
                                                              std::string(direct) + '}'));
    return texts[0].substr(0, texts[0].find(' '));
  };
  EXPECT_EQ(names(R"(,"direct":true)"), "directMessage");
  EXPECT_EQ(names(R"(,"direct":false)"), "message");
  EXPECT_EQ(names(""), "message");
}

TEST(PluginEvents, NeverTellTheTokenOfATransfer) {
  EXPECT_EQ(seen(PluginApi::api_19, event("refer", R"({"alias":"meet.bob","token":"secret"})")),
            (Texts{R"(transfer {"alias":"meet.bob"})"}));
}

TEST(PluginEvents, NameTheRoomOfABreakoutReferAsTheirTimeDid) {
  const std::string refer =
      event("breakout_refer", R"({"breakout_uuid":"b","breakout_name":"n","requester_uuid":"r"})");
  EXPECT_EQ(seen(PluginApi::api_19, refer), (Texts{R"(breakoutRefer {"breakout_uuid":"b"})"}));
  EXPECT_EQ(
      seen(PluginApi::api_22, refer),
      (Texts{R"(breakoutRefer {"breakoutUuid":"b","breakoutName":"n","requesterUuid":"r"})"}));
}

TEST(PluginEvents, ComeFromRequestsToo) {
  Derivation derivation(Join{}, {.client = client_of(PluginApi::api_19)});
  PluginEvents events(PluginApi::api_19);
  while (derivation.next()) {
  }
  derivation.act(RestEffect::media_connected, 3);
  EXPECT_EQ(events.from(*derivation.next()).front().name, "connected");
  derivation.act(RestEffect::left_by_user, 4);
  const auto left = derivation.next();
  EXPECT_EQ(left->place.recv_ns, 4);
  EXPECT_EQ(events.from(*left).front().name, "userInitiatedDisconnect");
  EXPECT_EQ(events.from(*left).size(), 3U);
  derivation.act(RestEffect::media_connected, 5);
  EXPECT_TRUE(events.from(*derivation.next()).empty()) << "the client has left";
}

TEST(PluginEvents, TellOfAClientThatGaveUp) {
  Derivation derivation(Join{}, {.client = client_of(PluginApi::api_19)});
  PluginEvents events(PluginApi::api_19);
  while (derivation.next()) {
  }
  derivation.act(RestEffect::token_expired, 3);
  EXPECT_EQ(events.from(*derivation.next()).front().name, "disconnected");
}

TEST(PluginEvents, OfASimulatedConferenceHaveTheShapesOfTheCatalogue) {
  std::set<std::string_view> names;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    sim::Options options;
    options.seed = seed;
    sim::SimSource source(options);
    Derivation derivation(Join{}, {.client = client_of(PluginApi::api_19)});
    PluginEvents events(PluginApi::api_19);
    for (int frames = 0; frames < 500; ++frames) {
      const auto frame = source.next();
      ASSERT_TRUE(frame.has_value());
      if (!*frame) {
        break;
      }
      derivation.push({(*frame)->seq, 1, (*frame)->recv_ns}, wall_ns, (*frame)->raw);
      while (const auto step = derivation.next()) {
        for (const PluginEvent& plugin_event : events.from(*step)) {
          const event::PluginShape* shape = event::find_plugin_shape(plugin_event.name);
          ASSERT_NE(shape, nullptr) << plugin_event.name;
          names.insert(shape->name);
          verdict::ShapeCheck().check(
              shape->payload, plugin_event.payload, "", [&](const verdict::Misfit& misfit) {
                // A layout is passed on as it came, with members that are not documented.
                EXPECT_TRUE(plugin_event.name == "layoutUpdate" &&
                            misfit.rule == verdict::Rule::unknown_field)
                    << plugin_event.name << misfit.pointer << ": " << misfit.expected;
              });
        }
      }
    }
  }
  EXPECT_GE(names.size(), 12U);
}

TEST(PluginEvents, OfAnyStreamHaveNamesOfTheCatalogue) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::string stream = tapedeck::test::generate_stream(seed);
    for (const std::string& text : seen(PluginApi::api_19, stream)) {
      const std::string name = text.substr(0, text.find(' '));
      EXPECT_NE(event::find_plugin_shape(name), nullptr) << name << " of seed " << seed;
    }
  }
}

}  // namespace
}  // namespace tapedeck::state::test
