#include "recorder/scrub.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/port/virtual_clock.hpp"
#include "core/sse/message_parser.hpp"
#include "recorder/recording.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::recorder {
namespace {

std::string scrub(std::string_view block, bool complete = true) {
  Redactor redactor;
  std::string out = scrubbed(block, complete, redactor);
  EXPECT_EQ(out.size(), block.size());
  return out;
}

TEST(Scrub, TheOneTimeTokenOfAReferBecomesAPlaceholderOfTheSameLength) {
  EXPECT_EQ(
      scrub(
          "event: refer\ndata: {\"alias\":\"bob\",\"token\":\"9f+/0123456789abcdef\"}\nid: x\n\n"),
      "event: refer\ndata: {\"alias\":\"bob\",\"token\":\"TOKEN-1-------------\"}\nid: x\n\n");
}

TEST(Scrub, LeavesEverythingElseAsItIs) {
  for (const std::string_view block :
       {std::string_view(": keep-alive\n\n"),
        std::string_view("event: stage\r\ndata: [{\"vad\":100,\"key\": null}]\r\n\r\n"),
        std::string_view(
            "data: {\"screen_key\":\"a\",\"pinning_config\":\"b\",\"pin\":\"none\"}\n\n"),
        std::string_view("data: {\"token\":\"\"}\n\n"), std::string_view("\n"),
        std::string_view("data\n\n"), std::string_view("data: \xff\"token\xfe\n\n")}) {
    EXPECT_EQ(scrub(block), block);
  }
}

TEST(Scrub, FindsSecretsWhereverADataLineHasThem) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"(data:{"token":"a\u0062cdefgh\/"})", R"(data:{"token":"TOKEN-1--------"})"},
      {R"(data: {"event":"refer","data":{"token":"abcdefghij"}})",
       R"(data: {"event":"refer","data":{"token":"TOKEN-1---"}})"},
      {R"(data: {"payload":"{\"token\":\"ab\\u0063defg\"}"})",
       R"(data: {"payload":"{\"token\":\"TOKEN-1------\"}"})"},
      {R"(data: {"payload":"see https://h/?token=abcdefgh&x=1"})",
       R"(data: {"payload":"see https://h/?token=TOKEN-1-&x=1"})"},
      {R"(data: {"token":1234567,"pin":7})", R"(data: {"token":9000001,"pin":1})"},
      {"\xEF\xBB\xBF"
       R"(data: {"token":"abcdefgh"})",
       "\xEF\xBB\xBF"
       R"(data: {"token":"TOKEN-1-"})"},
      {"data: {\"token\":\r\ndata: \"abcdefgh\"}", "data: {\"token\":\r\ndata: \"TOKEN-1-\"}"},
      {"data: {\"token\":\"abcd\ndata: efgh\",\ndata:\"y\":2}",
       "data: {\"token\":\"TOKE\ndata: N-1-\",\ndata:\"y\":2}"},
      {R"(data: {"new":{"ufrag":"x","pwd":"abcdefgh"}})",
       R"(data: {"new":{"ufrag":"x","pwd":"PWD-1---"}})"},
  };
  for (const auto& [block, shown] : cases) {
    EXPECT_EQ(scrub(block + "\n\n"), shown + "\n\n");
  }
}

TEST(Scrub, TheSameSecretKeepsItsPlaceholderAndAnotherGetsAnother) {
  Redactor redactor;
  const auto block = [&](const std::string& token) {
    return scrubbed("data: {\"token\":\"" + token + "\"}\n\n", true, redactor);
  };
  const std::string first = block("first token");
  EXPECT_NE(block("other token"), first);
  EXPECT_EQ(block("first token"), first);
  EXPECT_EQ(redactor.json(R"({"token":"first token"})"), R"({"token":"TOKEN-1"})")
      << "and it is that of the REST requests";
  for (int number = 3; number < 40; ++number) {
    block("token " + std::to_string(number));
  }
  EXPECT_EQ(block("abc"), "data: {\"token\":\"-40\"}\n\n");
  EXPECT_EQ(block("xyz"), "data: {\"token\":\"-41\"}\n\n");
  EXPECT_EQ(block("Q"), "data: {\"token\":\"2\"}\n\n");
}

TEST(Scrub, KnownSecretsGoFromAllLines) {
  Redactor redactor;
  redactor.placeholder("token", "5e55/0n+==");
  const std::string block =
      ": it is 5e55/0n+== now\nid: 5e55/0n+==\n"
      "data: {\"text\":\"my 5e55\\/0n\\u002b==!\",\"5e55/0n+==\":1}\n\n";
  EXPECT_EQ(scrubbed(block, true, redactor),
            ": it is TOKEN-1--- now\nid: TOKEN-1---\n"
            "data: {\"text\":\"my TOKEN-1---------!\",\"TOKEN-1---\":1}\n\n");
}

TEST(Scrub, NoHalfOfASecretIsLeftWhereTheStreamIsCutOff) {
  const std::string body =
      ": KNOWNsecret1\nevent: refer\nid: KNOWNsecret1\n"
      "data: {\"token\":\"hidden\\/01\",\"u\":\"https://a:hidden02@h/?pin=hidden03\",\n"
      "data: "
      "\"payload\":\"{\\\"token\\\":\\\"hid\\\\u0064en4\\\"}\",\"echo\":\"KNOWN\\u0073ecret1\"}"
      "\n\n";
  for (std::size_t size = 0; size < body.size(); ++size) {
    Redactor redactor;
    redactor.placeholder("token", "KNOWNsecret1");
    const std::string torn = scrubbed(std::string_view(body).substr(0, size), false, redactor);
    ASSERT_EQ(torn.size(), size);
    for (const char* half : {"hidd", "hid\\\\u", "KNOW"}) {
      EXPECT_EQ(torn.find(half), std::string::npos) << torn;
    }
  }
}

TEST(Scrub, ALongBlockIsScrubbedInAllItsPieces) {
  const test::TemporaryFolder folder;
  const auto writer = *schema::TapeWriter::open(folder.path(), {});
  Redactor redactor;
  ScrubbingSink sink(*writer, redactor);
  const std::uint32_t id = *sink.open_connection({});
  const auto accept = [&](std::string_view raw, bool complete) {
    EXPECT_TRUE(sink.accept({.connection_id = id, .complete = complete, .raw = raw}));
  };
  accept("data: {\"token\":\"hid", false);
  accept("den\"}\ndata: {\"token\":\"hid", false);
  accept("den\"}\r\n\r\n", true);
  accept("data: 1\n\n", true);
  EXPECT_TRUE(sink.close_connection(id, 0, port::ConnectionEnd::finished, ""));
  const std::uint32_t next = *sink.open_connection({});
  EXPECT_TRUE(sink.accept({.connection_id = next, .raw = "data: 2\n\n"}));
  EXPECT_TRUE(sink.close_connection(next, 0, port::ConnectionEnd::finished, ""));
  EXPECT_TRUE(sink.finish());
  const auto tape = *schema::TapeReader::open(folder.path());
  EXPECT_EQ(test::body_of(*tape, {.connection_id = id}),
            "data: {\"token\":\"---"
            "xxxxx\nxxxxxxxxxxxxxxxxxxx"
            "xxxxx\r\n\r\n"
            "data: 1\n\n");
  EXPECT_EQ(test::body_of(*tape, {.connection_id = next}), "data: 2\n\n");
}

TEST(Scrub, DoesNotDependOnWhereReadsEnd) {
  const std::string body =
      "data: {\"alias\":\"bob\",\"token\":\"0123456789\"}\n\n"
      "event: refer\r\ndata: {\"token\":\r\ndata: \"9876543210\"}\r\n\r\n: the end 0123456789";
  const std::string expected =
      "data: {\"alias\":\"bob\",\"token\":\"TOKEN-1---\"}\n\n"
      "event: refer\r\ndata: {\"token\":\r\ndata: \"TOKEN-2---\"}\r\n\r\n: the end TOKEN-1---";
  const test::TemporaryFolder folder;
  const auto writer = *schema::TapeWriter::open(folder.path(), {});
  Redactor redactor;
  ScrubbingSink sink(*writer, redactor);
  port::VirtualClock clock;
  Recording recording(
      sink, clock, [] { return 0; }, std::nullopt);
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    EXPECT_TRUE(recording.connect({}));
    EXPECT_TRUE(recording.take(std::string_view(body).substr(0, cut)));
    EXPECT_TRUE(recording.take(std::string_view(body).substr(cut)));
    EXPECT_TRUE(recording.disconnect(port::ConnectionEnd::broken, "reset"));
  }
  EXPECT_TRUE(recording.finish());
  const auto tape = *schema::TapeReader::open(folder.path());
  EXPECT_TRUE(tape->verify_bytes()->problems.empty());
  for (std::uint32_t cut = 1; cut < body.size(); ++cut) {
    EXPECT_EQ(test::body_of(*tape, {.connection_id = cut}), expected);
    EXPECT_EQ((*(*tape->reads(cut))->next())->end_offset, cut);
  }
}

}  // namespace
}  // namespace tapedeck::recorder
