#include "core/event/wire_reader.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck::event {
namespace {

std::string described(const WireEvent& event) {
  std::string text = std::to_string(event.seq) + ' ' + std::string(event.name) + ' ';
  switch (event.payload) {
    case Payload::decoded:
      append_json(text, event.value);
      break;
    case Payload::undecoded:
      text += "undecoded";
      break;
    case Payload::empty:
      text += "empty";
      break;
    case Payload::not_json:
      text += "not JSON at " + std::to_string(event.fault_offset);
      break;
    case Payload::too_deep:
      text += "too deep";
      break;
    case Payload::too_many:
      text += "too many";
      break;
    case Payload::too_long:
      text += "too long";
      break;
  }
  return text;
}

std::vector<std::string> read(WireReader& reader, const FramePlace& place, std::string_view raw) {
  std::vector<std::string> events;
  reader.push(place, raw);
  while (const auto event = reader.next()) {
    events.push_back(described(*event));
  }
  return events;
}

using Events = std::vector<std::string>;

TEST(WireReader, DecodesAnEventAndNamesItsFrame) {
  WireReader reader;
  EXPECT_EQ(read(reader, {.seq = 5, .connection_id = 1, .recv_ns = 7},
                 "event: stage\ndata: [ ]\nid: x\n\n"),
            (Events{"5 stage []"}));
  reader.push({.seq = 6, .connection_id = 1, .recv_ns = 9}, "event: layout\ndata: 1\n\n");
  const auto event = reader.next();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->kind, Kind::layout);
  EXPECT_EQ(event->last_event_id, "x");
  EXPECT_EQ(event->recv_ns, 9);
  EXPECT_EQ(event->data, "1");
}

TEST(WireReader, KeepsUnknownNamesAndTheDefaultName) {
  WireReader reader;
  reader.push({.seq = 1, .connection_id = 1}, "event: of_tomorrow\ndata: {}\n\n");
  EXPECT_EQ(reader.next()->kind, Kind::unknown);
  EXPECT_EQ(read(reader, {.seq = 2, .connection_id = 1}, "data: 1\n\n"), (Events{"2 message 1"}));
}

TEST(WireReader, TellsEmptyBadAndTooDeepPayloads) {
  WireReader reader;
  EXPECT_EQ(read(reader, {.seq = 1, .connection_id = 1}, "event: stage\ndata:\n\n"),
            (Events{"1 stage empty"}));
  EXPECT_EQ(read(reader, {.seq = 2, .connection_id = 1}, "event: stage\ndata: [1,\n\n"),
            (Events{"2 stage not JSON at 3"}));
  EXPECT_EQ(read(reader, {.seq = 3, .connection_id = 1},
                 "data: " + std::string(limits::json_depth_max + 1, '[') + "\n\n"),
            (Events{"3 message too deep"}));
}

TEST(WireReader, PutsAMessageTogetherFromFramesAndCountsItToTheLast) {
  WireReader reader;
  EXPECT_EQ(read(reader, {.seq = 1, .connection_id = 1}, "event: stage\nda"), Events{});
  EXPECT_EQ(read(reader, {.seq = 2, .connection_id = 1}, "ta: []\n\n"), (Events{"2 stage []"}));
}

TEST(WireReader, DropsWhatIsUnfinishedWhenAConnectionBegins) {
  WireReader reader;
  EXPECT_EQ(read(reader, {.seq = 1, .connection_id = 1}, "event: stage\ndata: [1]\n"), Events{});
  EXPECT_EQ(read(reader, {.seq = 2, .connection_id = 2}, "\ndata: 2\n\n"), (Events{"2 message 2"}));
}

TEST(Kind, IsFoundByItsNameAndBack) {
  for (std::size_t i = 0; i < kinds; ++i) {
    EXPECT_EQ(kind_of(name_of(static_cast<Kind>(i))), static_cast<Kind>(i));
  }
  EXPECT_EQ(kind_of("participant_Create"), Kind::unknown);
  EXPECT_EQ(kind_of(""), Kind::unknown);
}

}  // namespace
}  // namespace tapedeck::event
