// What a client's command does to a replay.
#include "cli/reactions.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/state_answers.hpp"
#include "core/base/units.hpp"
#include "core/event/decoder.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t wall_ns = 1'700'000'000 * ns_per_s;

std::string event(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}
std::string in_room(const std::string& room, const std::string& name, const std::string& data) {
  return event("breakout_event", R"({"breakout_uuid":")" + room + R"(","event":")" + name +
                                     R"(","id":null,"data":)" + data + '}');
}
std::string person(const std::string& uuid, const std::string& more = "") {
  return R"({"uuid":")" + uuid + R"(","display_name":"N )" + uuid +
         R"(","role":"guest","is_muted":"NO","buzz_time":0)" + more + '}';
}

class ReactionsTest : public testing::Test {
 protected:
  /// What is told of a command that the client `me` gives, as one text.
  std::string command(std::vector<std::string_view> path, const std::string& body = "",
                      const std::string& room_uuid = "blue") {
    const replayer::Call call{.who = who,
                              .method = "POST",
                              .path = std::move(path),
                              .body = body,
                              .room_uuid = room_uuid};
    const auto read = read_command(call, reactions.state(), wall_ns);
    std::string text;
    if (read) {
      for (const replayer::Told& told : reactions.carry_out(*read, who)) {
        text += told.block;
      }
    }
    return text;
  }

  /// A recorded block as it is sent.
  std::string sent(const std::string& block) {
    return reactions
        .rewrite({.seq = 1, .connection_id = 1, .recv_ns = 0, .complete = true, .raw = block})
        .value_or(block);
  }

  replayer::JoinInfo who{.number = 1, .participant_uuid = "me", .display_name = "Me"};
  Reactions reactions{
      {event("participant_sync_begin", "null"),
       event("participant_create", person("me", R"(,"x":1)")),
       event("participant_create", person("ann")), event("participant_create", person("bob")),
       event("participant_sync_end", "null"),
       event("conference_update", R"({"locked":false,"started":true})"),
       event("breakout_begin", R"({"breakout_uuid":"red","participant_uuid":"m2"})"),
       in_room("red", "participant_sync_begin", "null"),
       in_room("red", "participant_create", person("m2")),
       in_room("red", "participant_create", person("eve")),
       in_room("red", "participant_sync_end", "null"),
       in_room("red", "conference_update", R"({"breakout_name":"Red"})")},
      "me"};
};

TEST_F(ReactionsTest, WhatACommandChangesIsToldOnceAndKept) {
  const std::string muted = event(
      "participant_update",
      R"({"uuid":"ann","display_name":"N ann","role":"guest","is_muted":"YES","buzz_time":0})");
  EXPECT_EQ(command({"participants", "ann", "mute"}), muted);
  EXPECT_EQ(command({"participants", "ann", "mute"}), "") << "it is so already";
  EXPECT_EQ(command({"participants", "nobody", "mute"}), "");
  EXPECT_EQ(sent(event("participant_update", person("ann"))), muted) << "for another reason";
  EXPECT_EQ(sent(event("participant_update", person("bob"))),
            event("participant_update", person("bob")));
  const std::string recorded =
      event("participant_update",
            R"({"uuid":"ann","display_name":"N ann","role":"guest","is_muted":"YES",)"
            R"("buzz_time":0,"y":1})");
  EXPECT_EQ(sent(recorded), recorded);
  EXPECT_EQ(sent(event("participant_update", person("ann"))),
            event("participant_update", person("ann")))
      << "the recording itself has unmuted her";
}

TEST_F(ReactionsTest, ACommandThatIsUndoneLeavesNothing) {
  command({"participants", "ann", "mute"});
  command({"participants", "ann", "unmute"});
  EXPECT_EQ(sent(event("participant_update", person("ann"))),
            event("participant_update", person("ann")));
}

TEST_F(ReactionsTest, TheStatusOfARoomIsThatRoomsAlone) {
  EXPECT_EQ(command({"lock"}), event("conference_update", R"({"locked":true,"started":true})"));
  EXPECT_EQ(command({"breakouts", "red", "lock"}),
            in_room("red", "conference_update", R"({"breakout_name":"Red","locked":true})"));
  EXPECT_EQ(command({"breakouts", "none", "lock"}), "");
  EXPECT_EQ(sent(event("conference_update", R"({"locked":false,"started":true,"z":2})")),
            event("conference_update", R"({"locked":true,"started":true,"z":2})"));
}

TEST_F(ReactionsTest, AllGuestsAreMutedAndAllHandsGoDown) {
  const std::string told = command({"muteguests"});
  EXPECT_NE(told.find(R"("guests_muted":true)"), std::string::npos);
  for (const char* uuid : {"me", "ann", "bob"}) {
    EXPECT_TRUE(reactions.state().participant("main", uuid)->is_muted) << uuid;
  }
  EXPECT_NE(command({"participants", "ann", "buzz"}).find(R"("buzz_time":1700000000.000000)"),
            std::string::npos);
  EXPECT_NE(command({"clearallbuzz"}).find(R"("uuid":"ann")"), std::string::npos);
  EXPECT_EQ(command({"clearallbuzz"}), "");
}

TEST_F(ReactionsTest, WhoIsDisconnectedStaysAwayUntilTheyComeAgain) {
  EXPECT_EQ(command({"participants", "bob", "disconnect"}),
            event("participant_delete", R"({"uuid":"bob"})"));
  EXPECT_EQ(sent(event("participant_update", person("bob"))), "");
  EXPECT_EQ(sent(event("stage", R"([{"participant_uuid":"bob","stage_index":0},)"
                                R"({"participant_uuid":"ann","stage_index":1}])")),
            event("stage", R"([{"participant_uuid":"ann","stage_index":1}])"));
  sent(event("participant_sync_begin", "null"));
  EXPECT_EQ(sent(event("participant_create", person("bob"))), "") << "the roster is told anew";
  sent(event("participant_sync_end", "null"));
  EXPECT_EQ(sent(event("participant_delete", R"({"uuid":"bob"})")), "");
  EXPECT_EQ(sent(event("participant_create", person("bob"))),
            event("participant_create", person("bob")));
}

TEST_F(ReactionsTest, WhoTakesTheFloorPresentsUntilSomebodyElseDoes) {
  const auto presents = [](const char* uuid, const char* value) {
    return event("participant_update",
                 person(uuid, std::string(R"(,"is_presenting":")") + value + '"'));
  };
  const auto start = [](const char* uuid) {
    return event("presentation_start", std::string(R"({"presenter_name":"N )") + uuid +
                                           R"(","presenter_uri":"","presenter_uuid":")" + uuid +
                                           R"("})");
  };
  const std::string stop = event("presentation_stop", "{}");
  EXPECT_EQ(command({"participants", "ann", "take_floor"}), presents("ann", "YES") + start("ann"));
  EXPECT_EQ(command({"participants", "ann", "take_floor"}), "");
  EXPECT_EQ(command({"participants", "nobody", "take_floor"}), "") << "it stays with her";
  EXPECT_EQ(command({"participants", "bob", "take_floor"}),
            presents("ann", "NO") + presents("bob", "YES") + start("bob"));
  EXPECT_EQ(command({"participants", "ann", "release_floor"}), "") << "it is not hers";
  EXPECT_EQ(command({"participants", "bob", "release_floor"}), stop + presents("bob", "NO"));
  command({"participants", "bob", "take_floor"});
  EXPECT_EQ(command({"participants", "bob", "disconnect"}),
            stop + event("participant_delete", R"({"uuid":"bob"})"));
}

TEST_F(ReactionsTest, WhoDisconnectsThemselvesIsSentAway) {
  EXPECT_EQ(command({"participants", "me", "disconnect"}),
            event("disconnect", R"({"reason":"Disconnected by another participant"})"));
  EXPECT_EQ(command({"disconnect"}),
            event("disconnect", R"({"reason":"Conference terminated by another participant"})"));
}

TEST_F(ReactionsTest, PeopleMoveBetweenRooms) {
  EXPECT_EQ(command({"participants", "breakout"},
                    R"({"breakout_uuid":"red","participants":["ann","me","nobody"]})"),
            event("participant_delete", R"({"uuid":"ann"})") +
                in_room("red", "participant_create", person("ann")) +
                event("breakout_refer",
                      R"({"breakout_uuid":"red","breakout_name":"Red","requester_uuid":"me"})"));
  EXPECT_EQ(command({"breakouts", "empty"}),
            in_room("red", "participant_delete", R"({"uuid":"eve"})") +
                event("participant_create", person("eve")) +
                in_room("red", "participant_delete", R"({"uuid":"ann"})") +
                event("participant_create", person("ann")));
}

TEST_F(ReactionsTest, RoomsBeginAndEnd) {
  const std::string begun =
      command({"breakouts"}, R"({"name":"Blue","participants":{"main":["bob"]}})");
  EXPECT_TRUE(begun.starts_with("event: breakout_begin\ndata: {\"breakout_uuid\":\"blue\""));
  EXPECT_EQ(reactions.state().room("blue")->participants.size(), 2U);
  EXPECT_EQ(command({"breakouts", "red", "disconnect"}),
            event("breakout_end", R"({"breakout_uuid":"red","participant_uuid":"m2"})"));
  for (const char* name : {"disconnect", "lock", "muteguests", "message"}) {
    EXPECT_EQ(command({"breakouts", "red", name}), "") << name;
  }
  EXPECT_EQ(command({"breakouts", "red", "participants", "eve", "mute"}), "");
  EXPECT_EQ(sent(in_room("red", "participant_update", person("eve"))), "");
  EXPECT_EQ(sent(event("breakout_end", R"({"breakout_uuid":"red","participant_uuid":"m2"})")), "");
  const std::string again =
      event("breakout_begin", R"({"breakout_uuid":"red","participant_uuid":"m2"})");
  EXPECT_EQ(sent(again), again);
}

TEST_F(ReactionsTest, NobodyPresentsInARoomThatHasEnded) {
  EXPECT_NE(command({"breakouts", "red", "participants", "eve", "take_floor"}), "");
  EXPECT_EQ(command({"breakouts", "red", "disconnect"}),
            in_room("red", "presentation_stop", "{}") +
                event("breakout_end", R"({"breakout_uuid":"red","participant_uuid":"m2"})"));
}

TEST_F(ReactionsTest, WhoTookTheFloorOfARoomThatEndsOnTheRecordingPresentsNoMore) {
  const std::string end = event("breakout_end", R"({"breakout_uuid":"red"})");
  EXPECT_NE(command({"breakouts", "red", "participants", "eve", "take_floor"}), "");
  EXPECT_EQ(sent(end), in_room("red", "presentation_stop", "{}") + end);
  EXPECT_TRUE(reactions.state().room("red")->presentation->is_undefined());
}

TEST_F(ReactionsTest, AGuestIsLetDoWhatIsAboutThemselvesAndChat) {
  const auto is_for_hosts_alone = [&](std::vector<std::string_view> path) {
    const replayer::Call call{.who = who, .method = "POST", .path = std::move(path)};
    return is_for_hosts(*read_command(call, reactions.state(), wall_ns), who);
  };
  for (const char* name :
       {"mute", "unmute", "client_mute", "video_muted", "buzz", "clearbuzz", "take_floor",
        "release_floor", "overlaytext", "pres_in_mix", "show_live_captions", "disconnect",
        "preferred_aspect_ratio", "notify_not_afk", "message"}) {
    EXPECT_FALSE(is_for_hosts_alone({"participants", "me", name})) << name;
    EXPECT_EQ(is_for_hosts_alone({"participants", "ann", name}), name != std::string("message"))
        << name;
  }
  for (const char* name : {"spotlighton", "role", "unlock", "denyrxpresentation", "transfer"}) {
    EXPECT_TRUE(is_for_hosts_alone({"participants", "me", name})) << name;
  }
  for (const char* name : {"message", "breakoutbuzz", "clearbreakoutbuzz", "leavebreakout"}) {
    EXPECT_FALSE(is_for_hosts_alone({name})) << name;
  }
  for (const char* name : {"lock", "unlock", "muteguests", "disconnect", "transform_layout", "dial",
                           "clearallbuzz", "breakouts", "start_conference"}) {
    EXPECT_TRUE(is_for_hosts_alone({name})) << name;
  }
  EXPECT_TRUE(is_for_hosts_alone({"breakouts", "red", "message"}));
  EXPECT_TRUE(is_for_hosts_alone({"video_mixes", "create"}));
  EXPECT_TRUE(is_for_hosts_alone({"participants", "breakout"}));
}

TEST_F(ReactionsTest, OnlyOthersHearWhatSomebodySays) {
  const std::string body = R"({"type":"text/plain","payload":"hi \"you\""})";
  const replayer::Call call{
      .who = who, .method = "POST", .path = {"message"}, .query = {}, .body = body};
  const auto told = reactions.carry_out(*read_command(call, reactions.state(), wall_ns), who);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().to, replayer::Hearer::others);
  EXPECT_EQ(told.front().block,
            event("message_received", R"({"origin":"Me","uuid":"me","type":"text/plain",)"
                                      R"("payload":"hi \"you\"","direct":false})"));
  EXPECT_EQ(command({"participants", "ann", "message"}, body), "");
}

TEST_F(ReactionsTest, TheLayoutIsAsAskedFor) {
  EXPECT_EQ(command({"transform_layout"}, R"({"transforms":{"layout":"4:0"}})"),
            event("layout", R"({"view":"4:0","requested_layout":{"primary_screen":{"chair_layout":)"
                            R"("4:0","guest_layout":"4:0"}}})"));
  EXPECT_EQ(command({"transform_layout"}, R"({"transforms":{"streaming":{}}})"), "");
}

TEST_F(ReactionsTest, WhatIsNoCommandAndWhatIsBrokenChangesNothing) {
  constexpr const char* of_other_types = R"({"transforms":1,"participants":[1,{}],"role":1,)"
                                         R"("setting":"x","text":null,"state":0,"name":[]})";
  for (const char* body : {"", "{", "\xff", "[[[[", "null", of_other_types}) {
    for (const char* name : {"overlaytext", "pres_in_mix", "role", "nothing", "calls"}) {
      EXPECT_EQ(command({"participants", "ann", name}, body), "") << name << ' ' << body;
    }
    for (const char* name : {"set_guests_can_unmute", "transform_layout", "nothing"}) {
      EXPECT_EQ(command({name}, body), "") << name << ' ' << body;
    }
    EXPECT_EQ(command({"participants", "breakout"}, body), "");
    EXPECT_EQ(command({"participants", "ann", "calls", "c", "ack"}, body), "");
  }
  for (const char* data : {"", "{", "1", "[]", R"({"uuid":1})", R"({"uuid":"bob"})"}) {
    for (const char* name : {"participant_update", "stage", "layout", "breakout_event", "other"}) {
      EXPECT_EQ(sent(event(name, data)), event(name, data)) << name << ' ' << data;
    }
  }
  EXPECT_EQ(sent(": keep-alive\n\n"), ": keep-alive\n\n");
}

TEST_F(ReactionsTest, TheAnswersHaveWhatTheClientWants) {
  command({"participants", "ann", "mute"});
  event::Decoder decoder;
  const auto ask = [&](const std::vector<std::string_view>& path) {
    return answer_from_state(reactions.state(), path, false);
  };
  const event::Value people = decoder.decode(*ask({"participants"})).value;
  ASSERT_EQ(people.items().size(), 3U);
  EXPECT_TRUE(people.items()[1]["is_muted"].is_text("YES"));
  EXPECT_TRUE(people.items()[0]["x"].is_number());
  EXPECT_TRUE(people.items()[0]["receive_from_video_mix"]["mix_name"].is_text("main"));
  EXPECT_EQ(*ask({"conference_status"}), R"({"locked":false,"started":true,"guests_muted":false})");
  EXPECT_EQ(decoder.decode(*ask({"breakouts", "red", "participants"})).value.items().size(), 2U);
  EXPECT_EQ(*ask({"breakouts", "none", "participants"}), "[]");
  EXPECT_FALSE(ask({"theme"}));
  EXPECT_FALSE(ask({"participants", "ann", "avatar.jpg"}));
}

}  // namespace
}  // namespace tapedeck::cli
