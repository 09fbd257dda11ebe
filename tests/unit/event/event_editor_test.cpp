#include "core/event/event_editor.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck::event {
namespace {

struct Event {
  std::string name;
  std::string payload;
};

const std::vector<Event> meeting{
    {"participant_sync_begin", "null"},
    {"participant_create",
     R"({"uuid":"u1", "display_name":"Ann","overlay_text":"Ann","uri":"sip:a"})"},
    {"participant_create", R"({"uuid":"u2","display_name":"Bob","overlay_text":"B.","uri":"Bob"})"},
    {"stage", R"([{"participant_uuid":"u1","vad":100},{"participant_uuid":"u2","vad":0}])"},
    {"layout", R"({"view":"1:7","participants":["u2", "u1"]})"},
    {"message_received", R"({"origin":"Ann","uuid":"u1","payload":"Ann"})"},
    {"breakout_event", R"({"breakout_uuid":"r1","event":"participant_create","id":null,)"
                       R"("data":{"uuid":"u3","display_name":"Ann"}})"},
    {"participant_delete", R"({"uuid":"u1"})"},
    {"conference_update", R"({"locked":false})"},
};

/// The names of the events that are left.
std::vector<std::string> left(EventEdits edits) {
  EventEditor editor(edits);
  std::vector<std::string> names;
  for (const Event& event : meeting) {
    if (!editor.next(event.name, event.payload).left_out) {
      names.push_back(event.name);
    }
  }
  return names;
}

/// The payloads that changed.
std::vector<std::string> changed(EventEdits& edits) {
  EventEditor editor(edits);
  std::vector<std::string> payloads;
  for (const Event& event : meeting) {
    const auto edited = editor.next(event.name, event.payload);
    if (edited.changed) {
      payloads.emplace_back(edited.payload);
    } else if (!edited.left_out) {
      EXPECT_EQ(edited.payload, event.payload);
    }
  }
  return payloads;
}

TEST(EventEditor, WithoutEditsAllStaysAsItIs) {
  EventEdits none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(left({}).size(), meeting.size());
  EXPECT_TRUE(changed(none).empty());
}

TEST(EventEditor, EventsAreChosenByTheirNameAndInARoomByTheInnerOneToo) {
  EXPECT_EQ(left({.only = {.events = {"stage", "layout"}}}),
            (std::vector<std::string>{"stage", "layout"}));
  EXPECT_EQ(left({.only = {.events = {"participant_create"}}}).size(), 3U);
  EXPECT_EQ(left({.omit = {.events = {"participant_create"}}}).size(), 6U);
  EXPECT_EQ(left({.omit = {.events = {"breakout_event"}}}).size(), 8U);
}

TEST(EventEditor, RoomsAreMainOrTheirUuid) {
  EXPECT_EQ(left({.only = {.rooms = {"main"}}}).size(), 8U);
  EXPECT_EQ(left({.only = {.rooms = {"r1"}}}), std::vector<std::string>{"breakout_event"});
  EXPECT_EQ(left({.omit = {.rooms = {"r1"}}}).size(), 8U);
  EXPECT_EQ(left({.only = {.rooms = {"main", "r1"}}}).size(), 9U);
}

TEST(EventEditor, WhatIsAboutAnotherParticipantIsLeftOutAndWhatIsAboutNoneStays) {
  const std::vector<std::string> without_bob{"participant_sync_begin",
                                             "participant_create",
                                             "stage",
                                             "layout",
                                             "message_received",
                                             "breakout_event",
                                             "participant_delete",
                                             "conference_update"};
  EXPECT_EQ(left({.omit = {.participants = {"Bob"}}}), without_bob);
  EXPECT_EQ(left({.omit = {.participants = {"u2"}}}), without_bob);
  EXPECT_EQ(left({.only = {.participants = {"Ann"}}}), without_bob) << "by name, both of them";
  EXPECT_EQ(left({.only = {.participants = {"u2"}}}),
            (std::vector<std::string>{"participant_sync_begin", "participant_create", "stage",
                                      "layout", "conference_update"}));
}

TEST(EventEditor, WhatIsAboutSeveralLosesThoseWhoAreLeftOut) {
  EventEdits edits{.omit = {.participants = {"Ann"}}};
  EXPECT_EQ(changed(edits), (std::vector<std::string>{R"([{"participant_uuid":"u2","vad":0}])",
                                                      R"({"view":"1:7","participants":["u2"]})"}));
}

TEST(EventEditor, AChoiceAndAnotherOfAnotherKindBothCount) {
  EXPECT_EQ(left({.only = {.events = {"participant_create"}, .rooms = {"main"}},
                  .omit = {.participants = {"Bob"}}}),
            std::vector<std::string>{"participant_create"});
}

TEST(EventEditor, ARenameIsWhereTheNameIsShownAndNowhereElse) {
  EventEdits edits{.renames = {{.who = "Ann", .name = "\"A\""}}};
  EXPECT_EQ(changed(edits),
            (std::vector<std::string>{
                R"({"uuid":"u1", "display_name":"\"A\"","overlay_text":"\"A\"","uri":"sip:a"})",
                R"({"origin":"\"A\"","uuid":"u1","payload":"Ann"})",
                R"({"breakout_uuid":"r1","event":"participant_create","id":null,)"
                R"("data":{"uuid":"u3","display_name":"\"A\""}})"}));
  EXPECT_EQ(edits.renames[0].done, 3U);
}

TEST(EventEditor, ARenameByUuidIsThatOfOneParticipant) {
  EventEdits edits{.renames = {{.who = "u2", .name = "Ben"}, {.who = "u9", .name = "Nobody"}}};
  EXPECT_EQ(changed(edits),
            std::vector<std::string>{
                R"({"uuid":"u2","display_name":"Ben","overlay_text":"B.","uri":"Ben"})"});
  EXPECT_EQ(edits.renames[1].done, 0U);
}

TEST(EventEditor, FieldsAreSetAfterRenamesAndChoicesGoByTheTape) {
  EventEdits edits{
      .omit = {.participants = {"Ann"}},
      .renames = {{.who = "Bob", .name = "Ann"}},
      .sets = {{.event = "participant_create", .path = {"display_name"}, .json = "\"Cat\""},
               {.event = "participant_create", .path = {"x"}, .json = "1"},
               {.event = "conference_update", .path = {"locked"}, .json = "true"}}};
  const auto payloads = changed(edits);
  EXPECT_EQ(payloads[0],
            R"({"uuid":"u2","display_name":"Cat","overlay_text":"B.","uri":"Ann","x":1})");
  EXPECT_EQ(payloads.back(), R"({"locked":true})");
}

TEST(EventEditor, AFieldIsThatOfTheInnerEventOrOfTheOuterOne) {
  EventEdits inner{.sets = {{.event = "participant_create", .path = {"uuid"}, .json = "0"}}};
  EXPECT_TRUE(changed(inner).back().ends_with(R"("data":{"uuid":0,"display_name":"Ann"}})"));
  EXPECT_EQ(inner.sets[0].done, 3U);
  EventEdits outer{.sets = {{.event = "breakout_event", .path = {"data", "uuid"}, .json = "0"}}};
  EXPECT_EQ(changed(outer).size(), 1U);
}

TEST(EventEditor, WhatIsNoJsonIsChosenByItsEventAndNeverEdited) {
  EventEdits edits{.omit = {.events = {"stage"}, .participants = {"u1"}},
                   .sets = {{.event = "layout", .path = {"view"}, .json = "1"}}};
  EventEditor editor(edits);
  EXPECT_TRUE(editor.next("stage", "[").left_out);
  for (const char* payload : {"", "{", R"({"uuid":"u1")", "nul"}) {
    const auto edited = editor.next("layout", payload);
    EXPECT_FALSE(edited.left_out || edited.changed);
    EXPECT_EQ(edited.payload, payload);
    EXPECT_FALSE(editor.next("participant_update", payload).left_out);
  }
}

}  // namespace
}  // namespace tapedeck::event
