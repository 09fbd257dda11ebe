#include "core/verdict/mask.hpp"

#include <gtest/gtest.h>

#include "core/event/wire_reader.hpp"
#include "core/verdict/fingerprint.hpp"

namespace tapedeck::verdict {
namespace {

/// The payload of the last event of `stream` as `ignore` leaves it.
std::string masked(std::string_view stream, const Ignore& ignore) {
  event::WireReader reader;
  Mask mask(ignore);
  std::string text;
  reader.push({1, 1, 0}, stream);
  while (const auto event = reader.next()) {
    text.clear();
    append_json(text, mask.masked(*event));
  }
  return text;
}

std::string one(std::string_view event, std::string_view data) {
  return "event: " + std::string(event) + "\ndata: " + std::string(data) + "\n\n";
}

TEST(Mask, ATimeIsSetOrItIsNot) {
  const std::string stream =
      one("participant_update", R"({"buzz_time":1789000000.5,"spotlight":0,"start_time":12})");
  EXPECT_EQ(masked(stream, {}), R"({"buzz_time":1,"spotlight":0,"start_time":1})");
  EXPECT_EQ(masked(stream, {.times = false}),
            R"({"buzz_time":1789000000.5,"spotlight":0,"start_time":12})");
}

TEST(Mask, ATokenIsLikeAnyOther) {
  const std::string stream = one("refer", R"({"token":"c2Vj","alias":"meet.garden"})");
  EXPECT_EQ(masked(stream, {}), R"({"alias":"meet.garden","token":"token"})");
  EXPECT_EQ(masked(stream, {.tokens = false}), R"({"alias":"meet.garden","token":"c2Vj"})");
}

TEST(Mask, ReachesIntoBreakoutRooms) {
  const std::string stream =
      one("breakout_event", R"({"breakout_uuid":"r","event":"participant_create","id":"MjdfNg==",)"
                            R"("data":{"uuid":"u","start_time":5}})");
  EXPECT_EQ(masked(stream, {}), R"({"breakout_uuid":"r","data":{"start_time":1,"uuid":"u"},)"
                                R"("event":"participant_create"})");
  EXPECT_EQ(masked(stream, {.ids = false}),
            R"({"breakout_uuid":"r","data":{"start_time":1,"uuid":"u"},)"
            R"("event":"participant_create","id":"MjdfNg=="})");
}

TEST(Mask, LeavesAloneWhatTheCatalogueDoesNotKnow) {
  EXPECT_EQ(masked(one("weather", R"({"start_time":5,"token":"t"})"), {}),
            R"({"start_time":5,"token":"t"})");
  EXPECT_EQ(masked(one("stage", R"([{"start_time":5},7])"), {}), R"([{"start_time":5},7])");
  EXPECT_EQ(masked(one("participant_create", R"({"start_time":"5"})"), {}),
            R"({"start_time":"5"})");
}

TEST(Mask, PeopleAreTheirNames) {
  const std::string stream =
      one("participant_create", R"({"uuid":"u1","display_name":"Ada","api_url":"/p/u1"})") +
      one("stage", R"([{"participant_uuid":"u1"},{"participant_uuid":"u2"}])");
  EXPECT_EQ(masked(stream, {.people = true}),
            R"([{"participant_uuid":"Ada"},{"participant_uuid":"somebody"}])");
  EXPECT_EQ(masked(stream, {}), R"([{"participant_uuid":"u1"},{"participant_uuid":"u2"}])");
  EXPECT_EQ(masked(one("breakout_refer", R"({"breakout_uuid":"main"})"), {.people = true}),
            R"({"breakout_uuid":"main"})");
  EXPECT_EQ(masked(one("breakout_refer", R"({"breakout_uuid":"r"})"), {.people = true}),
            R"({"breakout_uuid":"id"})");
}

TEST(Mask, PlacesAreLeftOut) {
  const Ignore ignore = *Ignore::parse("/vendor,/0/vad,/*/gain");
  EXPECT_EQ(masked(one("participant_update", R"({"uuid":"u","vendor":"v"})"), ignore),
            R"({"uuid":"u"})");
  EXPECT_EQ(masked(one("stage", R"([{"vad":1,"gain":2},{"vad":3,"gain":4}])"), ignore),
            R"([{},{"vad":3}])");
}

TEST(Ignore, ReadsAList) {
  const Ignore some = *Ignore::parse("times,ids,/a/b,/c");
  EXPECT_TRUE(some.times && some.ids && !some.tokens && !some.comments && !some.people);
  EXPECT_EQ(some.places.size(), 2U);
  EXPECT_TRUE(Ignore::parse("none")->nothing());
  EXPECT_FALSE(Ignore().nothing());
  for (const char* list : {"", "time", "times,", "times,,ids", "none,times", "a/b", "/a~b"}) {
    EXPECT_FALSE(Ignore::parse(list)) << list;
  }
}

std::optional<std::uint64_t> fingerprint(std::string_view raw, const Ignore& ignore = {}) {
  return Fingerprint(ignore).of({1, 1, 0, true, raw});
}

TEST(Fingerprint, IsTheSameForBlocksThatSayTheSame) {
  const auto plain = fingerprint("event: layout\ndata: {\"view\":\"1:0\",\"time\":5}\n\n");
  EXPECT_EQ(plain, fingerprint("data:{\"time\":7.5, \"view\":\"1:0\"}\r\nevent: layout\r\n\r\n"));
  EXPECT_EQ(plain, fingerprint(": hi\nid: 4\nevent: layout\ndata: {\"view\":\"1:0\",\ndata: "
                               "\"time\":5}\n\n"));
  EXPECT_NE(plain, fingerprint("event: layout\ndata: {\"view\":\"1:7\",\"time\":5}\n\n"));
  EXPECT_NE(plain, fingerprint("event: layout\ndata: {\"view\":\"1:0\",\"time\":0}\n\n"));
  EXPECT_NE(plain, fingerprint("event: stage\ndata: {\"view\":\"1:0\",\"time\":5}\n\n"));
}

TEST(Fingerprint, CommentsCountWhereTheyAreAskedFor) {
  EXPECT_EQ(fingerprint(": keep-alive\n\n"), std::nullopt);
  EXPECT_EQ(fingerprint("id: 4\n\n"), std::nullopt);
  EXPECT_NE(fingerprint("retry: 4\n\n"), std::nullopt);
  EXPECT_NE(fingerprint("event: stage\ndata: [", {}), std::nullopt);
  EXPECT_NE(fingerprint(": a\n\n", {.comments = false}),
            fingerprint(": b\n\n", {.comments = false}));
}

TEST(Fingerprint, CountsEveryByteWhenNothingIsIgnored) {
  const Ignore nothing = *Ignore::parse("none");
  EXPECT_NE(fingerprint("data: 1\n\n", nothing), fingerprint("data:1\n\n", nothing));
  EXPECT_EQ(fingerprint("data: 1\n\n", nothing), fingerprint("data: 1\n\n", nothing));
}

TEST(Fingerprint, TellsPayloadsApartThatAreNoJson) {
  EXPECT_NE(fingerprint("data: {a\n\n"), fingerprint("data: {b\n\n"));
  EXPECT_NE(fingerprint("data: null\n\n"), fingerprint("data\n\n"));
}

}  // namespace
}  // namespace tapedeck::verdict
