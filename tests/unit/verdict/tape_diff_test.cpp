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
