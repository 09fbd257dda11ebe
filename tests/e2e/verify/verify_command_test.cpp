// The commands verify, diff and schema as they are built, on real tapes.
#include <algorithm>
#include <filesystem>

#include "core/event/decoder.hpp"
#include "tests/e2e/verify/command.hpp"

namespace tapedeck {
namespace {

namespace fs = std::filesystem;
using event::Value;

using Verify = Command;
using Diff = Command;
using SchemaCommand = Command;

std::string block(std::string_view event, std::string_view data) {
  return "event: " + std::string(event) + "\ndata: " + std::string(data) + "\n\n";
}

std::string status(bool locked) {
  return block("conference_update", std::string(R"({"locked":)") + (locked ? "true" : "false") +
                                        R"(,"guests_muted":false,"started":true})");
}

const std::string meeting =
    test::read_file(rule_fixtures / "known-participant/clean.sse") + status(false);
const std::string warned = meeting + block("weather", "1");

TEST_F(Verify, PassesAWholeTapeWithOneLineThatSaysSo) {
  make_tape("a.tape", meeting);
  const Outcome done = run("verify a.tape");
  EXPECT_EQ(done.code, 0);
  EXPECT_TRUE(done.out.starts_with("a.tape: passed: whole, 11 frames on 1 connection")) << done.out;
  EXPECT_NE(done.out.find("no findings\n"), std::string::npos);
  EXPECT_EQ(done.err, "");
}

TEST_F(Verify, FailsOnErrorsAndOnWarningsWhenItIsStrict) {
  make_tape("warned.tape", warned);
  make_tape("wrong.tape", meeting + block("stage", "7"));
  EXPECT_EQ(run("verify warned.tape").code, 0);
  EXPECT_EQ(run("verify warned.tape --strict").code, 1);
  EXPECT_EQ(run("verify warned.tape --strict --rule unknown-event=info").code, 0);
  EXPECT_EQ(run("verify warned.tape --rule unknown-event=error").code, 1);
  EXPECT_EQ(run("verify wrong.tape").code, 1);
  EXPECT_EQ(run("verify wrong.tape --rule mistyped-field=warn --rule dropped-message=off").code, 0);
  const Outcome strict = run("verify warned.tape --strict");
  EXPECT_TRUE(strict.out.starts_with("warned.tape: failed: whole")) << strict.out;
  EXPECT_NE(strict.out.find("unknown-event"), std::string::npos);
}

TEST_F(Verify, GivesEveryFindingWithItsPlaceAsJson) {
  make_tape("a.tape", meeting + block("stage", R"([{"participant_uuid":"x","stage_index":0}])"));
  event::Decoder decoder;
  const Outcome done = run("verify a.tape --json");
  const Value verdict = decoder.decode(done.out).value;
  EXPECT_TRUE(verdict["verdict"].is_text("passed"));
  EXPECT_EQ(verdict["frames"].as_number(), 12);
  EXPECT_EQ(verdict["counts"]["warn"].as_number(), 2);
  ASSERT_EQ(verdict["findings"].items().size(), 2U);
  const Value finding = verdict["findings"].items()[0];
  EXPECT_TRUE(finding["rule"].is_text("missing-field"));
  EXPECT_TRUE(finding["severity"].is_text("warn"));
  EXPECT_EQ(finding["seq"].as_number(), 12);
  EXPECT_TRUE(finding["event"].is_text("stage"));
  EXPECT_TRUE(finding["pointer"].is_text("/0/vad"));
  EXPECT_TRUE(finding["expected"].is_text("a whole number"));
  EXPECT_TRUE(finding["found"].is_text("nothing"));
}

TEST_F(Verify, SaysOfATapeThatCannotBeReadWhatIsWrongWithIt) {
  make_tape("a.tape", meeting);
  fs::resize_file(folder.path("a.tape"), 70'000);
  const Outcome text = run("verify a.tape");
  EXPECT_EQ(text.code, 1);
  EXPECT_TRUE(text.out.starts_with("a.tape: failed: not whole, and cannot be read; 1 finding"))
      << text.out;
  event::Decoder decoder;
  const Outcome json = run("verify a.tape --json");
  const Value finding = decoder.decode(json.out).value["findings"].items()[0];
  EXPECT_TRUE(finding["rule"].is_text("tape-damaged"));
  EXPECT_EQ(run("verify a.tape --rule tape-damaged=off").code, 3);
  const Outcome written = run("verify a.tape --expect a.json --update");
  EXPECT_EQ(written.code, 1);
  EXPECT_EQ(written.err, "");
  EXPECT_FALSE(fs::exists(folder.path("a.json")));
}

TEST_F(Verify, WhatCannotBeOpenedIsOneSentenceAndExitThree) {
  write_file(folder.path("text.tape"), "this is no tape\n");
  write_file(folder.path("empty.tape"), "");
  fs::create_directory(folder.path("bare"));
  for (const char* arguments :
       {"verify gone.tape", "verify text.tape", "verify empty.tape", "verify bare",
        "verify gone.tape --json", "verify text.tape --tap", "diff gone.tape gone.tape"}) {
    const Outcome done = run(arguments);
    EXPECT_EQ(done.code, 3) << arguments;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
  }
}

TEST_F(Verify, WhatMakesNoSenseIsExitTwo) {
  make_tape("a.tape", meeting);
  for (const char* arguments :
       {"verify", "verify a.tape a.tape", "verify a.tape --rule", "verify a.tape --rule loud=off",
        "verify a.tape --rule bad-json=loud", "verify a.tape --update",
        "verify a.tape --json --tap", "diff a.tape", "diff a.tape a.tape a.tape",
        "diff a.tape a.tape --ignore everything", "schema nothing", "schema --wire --plugin"}) {
    EXPECT_EQ(run(arguments).code, 2) << arguments;
  }
}

TEST_F(Verify, HoldsATapeAgainstWhatIsExpectedOfIt) {
  make_tape("a.tape", warned);
  make_tape("b.tape", meeting + status(true) + block("weather", "1"));
  const Outcome written = run("verify a.tape --expect a.json --update");
  EXPECT_EQ(written.code, 0);
  EXPECT_EQ(written.err, "tapedeck: wrote the expectation a.json\n");
  EXPECT_EQ(run("verify a.tape --expect a.json --strict").code, 0);
  const Outcome departed = run("verify b.tape --expect a.json");
  EXPECT_EQ(departed.code, 1);
  EXPECT_NE(departed.out.find("departs from its expectation at seq 13"), std::string::npos)
      << departed.out;
  EXPECT_NE(departed.out.find("/state/rooms/0/status/locked"), std::string::npos) << departed.out;
  EXPECT_EQ(run("verify a.tape --expect gone.json").code, 3);
  write_file(folder.path("bad.json"), "{}");
  EXPECT_EQ(run("verify a.tape --expect bad.json").code, 3);
  EXPECT_EQ(run("verify a.tape --expect no/folder/a.json --update").code, 3);
  EXPECT_FALSE(fs::exists(folder.path("no")));
}

TEST_F(Verify, AnExpectationIsMetByEachRecordingOfAStream) {
  const std::string body =
      meeting +
      block("message_received", R"({"origin":"Ada","payload":"hi","type":"text/plain",)"
                                R"("uuid":"5b0c2a11-93d4-4f6e-8a51-c0ffee000001"})") +
      block("disconnect", R"({"reason":"over"})");
  make_tape("a.tape", body, ns_per_ms);
  make_tape("b.tape", body, 70 * ns_per_ms);
  EXPECT_EQ(run("verify a.tape --expect a.json --update").code, 0);
  const Outcome done = run("verify b.tape --expect a.json");
  EXPECT_EQ(done.code, 0) << done.out;
}

TEST_F(Verify, AnExpectationDoesNotAllowATapeThatIsNotWhole) {
  make_tape("a.tape", meeting);
  change("a.tape", test::read_file(rule_fixtures / "bytes-broken/triggers.sql"));
  EXPECT_EQ(run("verify a.tape --expect a.json --update").code, 1);
  EXPECT_EQ(run("verify a.tape --expect a.json").code, 1);
}

TEST_F(Verify, RunsAFolderAndReportsInTheOrderOfNames) {
  fs::create_directories(folder.path("tapes/more"));
  for (int i = 0; i < 8; ++i) {
    make_tape("tapes/t" + std::to_string(i) + ".tape", i == 5 ? meeting + "data: {\n\n" : meeting);
  }
  make_tape("tapes/more/a&<\">.tape", meeting);
  write_file(folder.path("tapes/notes.txt"), "no tape");
  const Outcome text = run("verify tapes");
  EXPECT_EQ(text.code, 1);
  EXPECT_TRUE(text.out.starts_with("tapes/more/a&<\">.tape: passed")) << text.out;
  EXPECT_NE(text.out.find("\n9 tapes: 8 passed, 1 failed, 0 could not be judged\n"),
            std::string::npos)
      << text.out;
  EXPECT_EQ(run("verify tapes").out, text.out);

  const Outcome tap = run("verify tapes --tap");
  EXPECT_TRUE(tap.out.starts_with("TAP version 14\n1..9\nok 1 - tapes/more/")) << tap.out;
  EXPECT_NE(tap.out.find("\nnot ok 7 - tapes/t5.tape\n  ---\n"), std::string::npos) << tap.out;

  const Outcome json = run("verify tapes --json --junit report.xml");
  EXPECT_EQ(std::count(json.out.begin(), json.out.end(), '\n'), 9);
  const std::string xml = test::read_file(folder.path("report.xml"));
  EXPECT_NE(xml.find("tests=\"9\" failures=\"1\" errors=\"0\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("name=\"tapes/more/a&amp;&lt;&quot;&gt;.tape\"/>"), std::string::npos) << xml;

  fs::create_symlink("nowhere", folder.path("tapes/u.tape"));
  EXPECT_EQ(run("verify tapes").code, 3);
}

/// A tape by itself is judged by several threads, one in a folder of several by one.
TEST_F(Verify, JudgesATapeByItselfAsAmongOthers) {
  fs::create_directories(folder.path("tapes"));
  make_tape("tapes/a.tape", meeting + "data: {\n\n");
  make_tape("tapes/b.tape", meeting + "data: {\n\n");
  change("tapes/b.tape",
         "UPDATE frames SET recv_ns = 1 WHERE seq = 3; UPDATE connections SET bytes = bytes + 1");
  const std::string together = run("verify tapes --json").out;
  EXPECT_NE(together.find("bytes-broken"), std::string::npos) << together;
  EXPECT_NE(together.find("time-backwards"), std::string::npos) << together;
  EXPECT_EQ(run("verify tapes/a.tape --json").out + run("verify tapes/b.tape --json").out,
            together);
}

TEST_F(Verify, HoldsAFolderAgainstAFolderOfExpectations) {
  fs::create_directories(folder.path("tapes/more"));
  make_tape("tapes/a.tape", meeting);
  make_tape("tapes/more/b.tape", warned);
  EXPECT_EQ(run("verify tapes --expect wanted").code, 3);
  EXPECT_EQ(run("verify tapes --expect wanted --update").code, 0);
  EXPECT_TRUE(fs::exists(folder.path("wanted/more/b.json")));
  EXPECT_EQ(run("verify tapes --expect wanted --strict").code, 0);
  fs::copy(folder.path("wanted/a.json"), folder.path("wanted/more/b.json"),
           fs::copy_options::overwrite_existing);
  EXPECT_EQ(run("verify tapes --expect wanted").code, 1);
}

TEST_F(Diff, EqualTapesAreOneSentence) {
  make_tape("a.tape", meeting);
  test::make_tape(folder.path("b.tape"), meeting, 7 * ns_per_ms);
  const Outcome done = run("diff a.tape b.tape");
  EXPECT_EQ(done.code, 0);
  EXPECT_TRUE(done.out.starts_with("equal: 11 frames, the same bytes, digest ")) << done.out;
  EXPECT_EQ(std::count(done.out.begin(), done.out.end(), '\n'), 1);
  make_tape("c.tape", meeting + ": keep-alive\n\n");
  EXPECT_EQ(run("diff a.tape c.tape").code, 0);
  EXPECT_EQ(run("diff a.tape c.tape --ignore times").code, 1);
  EXPECT_EQ(run("diff a.tape c.tape --ignore none").code, 1);
}

TEST_F(Diff, SaysWhereTapesDifferFirst) {
  make_tape("a.tape", status(false) + meeting);
  make_tape("b.tape", status(true) + meeting);
  const Outcome text = run("diff a.tape b.tape");
  EXPECT_EQ(text.code, 1);
  EXPECT_TRUE(text.out.starts_with("different in 1 place: ")) << text.out;
  EXPECT_NE(text.out.find("/locked"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("at the end the state is the same"), std::string::npos) << text.out;

  event::Decoder decoder;
  const Outcome json = run("diff a.tape b.tape --json");
  EXPECT_EQ(json.code, 1);
  const Value report = decoder.decode(json.out).value;
  EXPECT_FALSE(report["equal"].as_boolean());
  EXPECT_EQ(report["counts"]["changed"].as_number(), 1);
  EXPECT_EQ(report["places"].items()[0]["a"]["seq"].as_number(), 1);
  EXPECT_TRUE(report["places"].items()[0]["fields"].items()[0]["pointer"].is_text("/locked"));
  EXPECT_TRUE(report["state"].items()[0]["pointer"].is_text("/rooms/0/status/locked"));
}

TEST_F(Diff, GivesTheFieldsOfEveryPlaceAndWhatStandsBetweenThemIsEqual) {
  make_tape("a.tape", status(false) + meeting + status(false) + block("on_hold", "true"));
  make_tape("b.tape", status(true) + meeting + ": new\n\n" + status(true) +
                          block("on_hold", "true") + block("weather", "1"));
  const Outcome text = run("diff a.tape b.tape");
  EXPECT_EQ(text.code, 1);
  const std::size_t first = text.out.find("\n    /locked: false in a, true in b\n");
  EXPECT_NE(first, std::string::npos) << text.out;
  EXPECT_NE(text.out.find("/locked: false in a, true in b", first + 40), std::string::npos)
      << text.out;
  EXPECT_TRUE(text.out.starts_with("different in 3 places: 0 only in a, 1 only in b, 2 changed"))
      << text.out;
}

TEST_F(SchemaCommand, PrintsTheCatalogueOrOneEventOfIt) {
  event::Decoder decoder;
  const Outcome all = run("schema");
  EXPECT_EQ(all.code, 0);
  EXPECT_TRUE(decoder.decode(all.out).value["$defs"]["plugin.raiseHand"].is_object());
  const Outcome one = run("schema stage --plugin");
  EXPECT_EQ(one.code, 0);
  EXPECT_TRUE(decoder.decode(one.out).value["items"]["properties"]["userId"].is_object());
}

}  // namespace
}  // namespace tapedeck
