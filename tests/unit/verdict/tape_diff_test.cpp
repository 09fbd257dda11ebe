#include "core/verdict/tape_diff.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/stream_generator.hpp"
#include "tests/unit/verdict/frames.hpp"

namespace tapedeck::verdict {
namespace {

DiffReport diff(const Blocks& a, const Blocks& b, const Ignore& ignore = {}) {
  auto report = diff_tapes(tape_of(a), tape_of(b), ignore);
  EXPECT_TRUE(report);
  return report ? *std::move(report) : DiffReport();
}

std::string block(std::string_view event, std::string_view data) {
  return "event: " + std::string(event) + "\ndata: " + std::string(data) + "\n\n";
}

TEST(TapeDiff, ATapeIsEqualToItself) {
  const Blocks tape = conference(1);
  const DiffReport report = diff(tape, tape);
  EXPECT_TRUE(report.equal());
  EXPECT_GT(report.frames_a, 50U);
  EXPECT_EQ(report.frames_a, report.frames_b);
  EXPECT_TRUE(diff({}, {}).equal());
}

TEST(TapeDiff, SaysFrameFieldAndState) {
  const Blocks a{block("conference_update", R"({"locked":false,"guests_muted":false})"),
                 ": keep-alive\n\n",
                 block("conference_update", R"({"locked":true,"guests_muted":false})"),
                 block("conference_update", R"({"locked":false,"guests_muted":false})")};
  Blocks b = a;
  b[2] = block("conference_update", R"({"locked":true,"guests_muted":true})");
  const DiffReport report = diff(a, b);
  ASSERT_EQ(report.place_count, 1U);
  EXPECT_EQ(report.changed, 1U);
  const FrameText& place = *report.places[0].a;
  EXPECT_EQ(place.seq, 3U);
  EXPECT_EQ(place.t_ns, 30 * ns_per_ms);
  EXPECT_EQ(place.byte_offset, a[0].size() + a[1].size());
  EXPECT_EQ(place.event, "conference_update");
  EXPECT_EQ(place.data, R"({"locked":true,"guests_muted":false})");
  EXPECT_EQ(report.places[0].b->data, R"({"locked":true,"guests_muted":true})");
  ASSERT_EQ(report.places[0].fields.size(), 1U);
  EXPECT_EQ(report.places[0].fields[0].pointer, "/guests_muted");
  EXPECT_EQ(report.places[0].fields[0].a, "false");
  EXPECT_EQ(report.places[0].fields[0].b, "true");
  ASSERT_EQ(report.state.size(), 1U);
  EXPECT_EQ(report.state[0].pointer, "/rooms/0/status/guestsMuted");
  EXPECT_TRUE(report.state_at_end.empty());
}

TEST(TapeDiff, AFrameThatCameOrWentIsOneOfOneSide) {
  const Blocks a = conference(2);
  Blocks b = a;
  b.erase(b.begin() + 20);
  const DiffReport gone = diff(a, b);
  ASSERT_EQ(gone.place_count, 1U);
  EXPECT_EQ(gone.only_a, 1U);
  EXPECT_EQ(gone.places[0].a->seq, 21U);
  EXPECT_FALSE(gone.places[0].b);
  EXPECT_TRUE(gone.places[0].fields.empty());
  const DiffReport came = diff(b, a);
  EXPECT_EQ(came.only_b, 1U);
  EXPECT_EQ(came.places[0].b->seq, 21U);
}

/// The places as `3 ~ 4 /locked` (frame 3 of a against 4 of b, what differs), `3 gone`, `4 came`.
std::vector<std::string> places_of(const DiffReport& report) {
  std::vector<std::string> places;
  for (const DiffPlace& place : report.places) {
    std::string text = !place.b ? std::to_string(place.a->seq) + " gone"
                       : !place.a
                           ? std::to_string(place.b->seq) + " came"
                           : std::to_string(place.a->seq) + " ~ " + std::to_string(place.b->seq);
    for (const DiffValue& field : place.fields) {
      text += ' ' + field.pointer;
    }
    places.push_back(std::move(text));
  }
  return places;
}

using Places = std::vector<std::string>;

std::string update(std::string_view uuid, std::string_view name, bool muted) {
  return block("participant_update", R"({"uuid":")" + std::string(uuid) + R"(","display_name":")" +
                                         std::string(name) + R"(","is_muted":)" +
                                         (muted ? "true" : "false") + '}');
}

const std::string begins = block("participant_sync_begin", "null");
const std::string ends = block("participant_sync_end", "null");

TEST(TapeDiff, TellsAChangeFromWhatCameOrWentBesideIt) {
  const Blocks a{begins, update("u1", "Ada", false), ends};
  const Blocks before{begins, block("layout", R"({"view":"1:0"})"), update("u1", "Ada", true),
                      ends};
  EXPECT_EQ(places_of(diff(a, before)), (Places{"2 came", "2 ~ 3 /is_muted"}));
  EXPECT_EQ(places_of(diff(before, a)), (Places{"2 gone", "3 ~ 2 /is_muted"}));
  const Blocks after{begins, update("u1", "Ada", true), block("layout", R"({"view":"1:0"})"), ends};
  EXPECT_EQ(places_of(diff(a, after)), (Places{"2 ~ 2 /is_muted", "3 came"}));
  EXPECT_EQ(places_of(diff(after, a)), (Places{"2 ~ 2 /is_muted", "3 gone"}));
  const DiffReport report = diff(a, before);
  EXPECT_EQ(report.changed, 1U);
  EXPECT_EQ(report.only_b, 1U);
  EXPECT_EQ(report.only_a, 0U);
}

TEST(TapeDiff, PairsTheEventsOfTheSamePersonAndThoseMostAlike) {
  const Blocks a{begins, update("u1", "Ada", false), update("u2", "Bo", false), ends};
  EXPECT_EQ(places_of(diff(a, {begins, update("u0", "Cy", false), update("u1", "Ada", true),
                               update("u2", "Bo", true), ends})),
            (Places{"2 came", "2 ~ 3 /is_muted", "3 ~ 4 /is_muted"}));
  EXPECT_EQ(places_of(diff(a, {begins, update("u2", "Bob", true), ends})),
            (Places{"2 gone", "3 ~ 2 /display_name /is_muted"}));
  const auto status = [](std::string_view more) {
    return block("conference_update",
                 R"({"classification":"open","started":true,)" + std::string(more) + '}');
  };
  const std::string changed = R"("locked":true,"guests_muted":false,"all_muted":false)";
  const std::string came = R"("locked":true,"guests_muted":true,"all_muted":true)";
  const std::string was = R"("locked":false,"guests_muted":false,"all_muted":false)";
  EXPECT_EQ(
      places_of(diff({begins, status(was), ends}, {begins, status(came), status(changed), ends})),
      (Places{"2 came", "2 ~ 3 /locked"}));
  EXPECT_EQ(
      places_of(diff({begins, status(was), ends}, {begins, status(changed), status(came), ends})),
      (Places{"2 ~ 2 /locked", "3 came"}));
}

TEST(TapeDiff, LooksIntoTheEventsOfBreakouts) {
  const auto inner = [](std::string_view room, std::string_view data) {
    return block("breakout_event", R"({"breakout_uuid":")" + std::string(room) +
                                       R"(","event":"participant_update","data":)" +
                                       std::string(data) + '}');
  };
  EXPECT_EQ(places_of(diff({begins, inner("b1", R"({"uuid":"u","is_muted":"NO"})"), ends},
                           {begins, inner("b2", R"({"uuid":"u","is_muted":"NO"})"),
                            inner("b1", R"({"uuid":"u","is_muted":"YES"})"), ends})),
            (Places{"2 came", "2 ~ 3 /data/is_muted"}));
}

TEST(TapeDiff, FramesThatChangedPlacesCameAndWent) {
  const std::string one = update("u1", "Ada", false);
  const std::string two = block("layout", R"({"view":"1:0"})");
  const DiffReport report = diff({begins, one, two, ends}, {begins, two, one, ends});
  EXPECT_EQ(report.changed, 0U);
  EXPECT_EQ(report.only_a, 1U);
  EXPECT_EQ(report.only_b, 1U);
}

TEST(TapeDiff, FramesOfOtherEventsStandAgainstEachOther) {
  const DiffReport report = diff({begins, block("layout", "{}"), block("stage", "[]"), ends},
                                 {begins, block("refer", "{}"), ends});
  EXPECT_EQ(places_of(report), (Places{"2 ~ 2"}));
  EXPECT_EQ(report.changed, 1U);
  EXPECT_EQ(report.only_a, 1U);
}

TEST(TapeDiff, IgnoresWhatDiffersInAnyTwoRuns) {
  const Blocks a{block("participant_create", R"({"uuid":"u","start_time":10.5,"buzz_time":7})"),
                 block("refer", R"({"alias":"meet.garden","token":"b25l"})")};
  const Blocks b{
      ": keep-alive\n\n",
      "id: MjdfNg==\ndata: {\"uuid\":\"u\",\"start_time\":99,\ndata: \"buzz_time\":8}\r\n"
      "event:participant_create\r\n\r\n",
      block("refer", R"({"token":"dHdv","alias":"meet.garden"})")};
  EXPECT_TRUE(diff(a, b).equal());
  EXPECT_EQ(diff(a, b, *Ignore::parse("tokens,ids,comments")).changed, 1U);
  EXPECT_EQ(diff(a, b, *Ignore::parse("none")).equal(), false);
}

/// Takes a tape apart at random frames and expects exactly these to be found.
TEST(TapeDiff, FindsExactlyTheFramesThatWereEdited) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Blocks a = conference(seed);
    Blocks b;
    std::vector<std::uint64_t> only_a;
    std::vector<std::uint64_t> only_b;
    std::vector<std::uint64_t> changed;
    bool edited = false;  // edits do not touch
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto choice = edited || a[i].starts_with(':') ? 99 : random() % 90;
      edited = choice < 3;
      if (choice == 0) {
        only_a.push_back(i + 1);
        continue;
      }
      if (choice == 1) {
        b.push_back(block("weather", std::to_string(i)));
        only_b.push_back(b.size());
      }
      b.push_back(choice == 2 ? block("weather", std::to_string(i)) : a[i]);
      if (choice == 2) {
        changed.push_back(i + 1);
      }
    }
    const DiffReport report = diff(a, b);
    std::vector<std::uint64_t> found_a;
    std::vector<std::uint64_t> found_b;
    std::vector<std::uint64_t> found_changed;
    for (const DiffPlace& place : report.places) {
      if (place.a && place.b) {
        found_changed.push_back(place.a->seq);
      } else if (place.a) {
        found_a.push_back(place.a->seq);
      } else {
        found_b.push_back(place.b->seq);
      }
    }
    ASSERT_EQ(report.place_count, only_a.size() + only_b.size() + changed.size());
    ASSERT_LE(report.place_count, limits::diff_places_max);
    EXPECT_EQ(found_a, only_a);
    EXPECT_EQ(found_b, only_b);
    EXPECT_EQ(found_changed, changed);
  }
}

TEST(TapeDiff, TakesWhateverComes) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Blocks a = blocks_of(test::generate_stream(seed));
    const Blocks b = blocks_of(test::generate_stream(seed + 1));
    EXPECT_TRUE(diff(a, a).equal());
    EXPECT_TRUE(diff(a, a, *Ignore::parse("times,tokens,ids,comments,people,/uuid,/*/x")).equal());
    const DiffReport one = diff(a, b);
    const DiffReport other = diff(b, a);
    EXPECT_EQ(one.equal(), other.equal());
    EXPECT_EQ(one.frames_a, other.frames_b);
  }
}

}  // namespace
}  // namespace tapedeck::verdict
