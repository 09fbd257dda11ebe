#include "replayer/steering.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "replayer/control_api.hpp"
#include "replayer/lone_play.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/seconds_reel.hpp"

namespace tapedeck::replayer {
namespace {

using test::SecondsReel;

class TextSink final : public PacedSink {
 public:
  Result<void> accept(const port::Frame& frame) override {
    text += frame.raw;
    return {};
  }
  Result<void> flush() override { return {}; }
  Result<void> finish() override { return {}; }

  std::string text;
};

class SteeringTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(play_.start(test::memory_source(SecondsReel::frames(0))));
    steering_.on_change([this] { ++changes_; });
  }

  [[nodiscard]] Session session() const { return steering_.sessions(all_sessions).at(0); }

  port::VirtualClock clock_;
  Deck deck_;
  TextSink sink_;
  SecondsReel reel_;
  LonePlay play_{
      deck_, clock_,           reel_,
      sink_, {.paused = true}, [](std::unique_ptr<port::FrameSource> source) { return source; }};
  Steering steering_{play_};
  int changes_ = 0;
};

TEST_F(SteeringTest, AStepHandsOverAFrameAndAStepBackGoesBeforeIt) {
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward, 3).refusal);
  EXPECT_EQ(sink_.text, "1 2 3 ");
  EXPECT_EQ(session().seq, 3U);
  EXPECT_EQ(session().at_ns, 3 * ns_per_s);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::back).refusal);
  EXPECT_EQ(session().seq, 2U);
  EXPECT_EQ(session().at_ns, 2 * ns_per_s);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward).refusal);
  EXPECT_EQ(sink_.text, "1 2 3 3 ");
  EXPECT_TRUE(session().paused);
  EXPECT_EQ(changes_, 3);
}

TEST_F(SteeringTest, MoreStepsBackThanThereWereFramesEndAtTheBeginning) {
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward, 2).refusal);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::back, 5).refusal);
  EXPECT_EQ(session().at_ns, 0);
}

TEST_F(SteeringTest, ASeekKeepsPauseAndRate) {
  EXPECT_FALSE(steering_.set_rate(all_sessions, *Rate::parse("2")).refusal);
  EXPECT_FALSE(steering_.seek_to(all_sessions, 5 * ns_per_s).refusal);
  EXPECT_TRUE(session().paused);
  EXPECT_EQ(session().rate.to_string(), "2");
  EXPECT_EQ(session().at_ns, 5 * ns_per_s);
  EXPECT_FALSE(steering_.seek_by(all_sessions, -2 * ns_per_s).refusal);
  EXPECT_EQ(session().at_ns, 3 * ns_per_s);
  EXPECT_FALSE(steering_.seek_by(all_sessions, -9 * ns_per_s).refusal);
  EXPECT_EQ(session().at_ns, 0);
  EXPECT_EQ(sink_.text, "");
}

TEST_F(SteeringTest, AnEventThatIsSoughtIsHandedOverAlthoughTimeStandsStill) {
  EXPECT_FALSE(steering_.seek_event(all_sessions, "stage").refusal);
  EXPECT_EQ(sink_.text, "2 ");
  EXPECT_EQ(session().at_ns, 2 * ns_per_s);
  const Steered none = steering_.seek_event(all_sessions, "layout");
  EXPECT_EQ(none.refusal, Refusal::nothing_there);
  EXPECT_EQ(none.sentence, "No 'layout' follows");
}

TEST_F(SteeringTest, MarksAreGoneThroughInBothDirections) {
  EXPECT_EQ(steering_.seek_mark(all_sessions, Direction::forward).refusal, Refusal::nothing_there);
  EXPECT_EQ(steering_.seek_mark(all_sessions, Direction::back).refusal, Refusal::nothing_there);
  for (const std::int64_t at_ns : {3 * ns_per_s, 7 * ns_per_s}) {
    const Steered marked = steering_.mark(all_sessions, at_ns, "here");
    EXPECT_FALSE(marked.refusal);
    EXPECT_NE(marked.sentence.find(", for this run only"), std::string::npos) << marked.sentence;
  }
  EXPECT_EQ(steering_.mark(all_sessions, 11 * ns_per_s, "late").refusal, Refusal::nothing_there);
  EXPECT_TRUE(reel_.add_mark({.at_ns = 11 * ns_per_s, .text = "on the tape, but not played"}));
  const auto there = [&](Direction direction) {
    return steering_.seek_mark(all_sessions, direction).refusal ? -1 : session().at_ns / ns_per_s;
  };
  EXPECT_EQ(there(Direction::forward), 3);
  EXPECT_EQ(there(Direction::forward), 7);
  EXPECT_EQ(there(Direction::forward), -1);
  EXPECT_EQ(there(Direction::back), 3);
  EXPECT_EQ(there(Direction::back), -1);
}

TEST_F(SteeringTest, WhilePlayingTheMarkThatHasJustBeenPassedIsNotTheLastOne) {
  EXPECT_FALSE(steering_.mark(all_sessions, 2 * ns_per_s, "a").refusal);
  EXPECT_FALSE(steering_.mark(all_sessions, 5 * ns_per_s, "b").refusal);
  EXPECT_FALSE(steering_.resume(all_sessions).refusal);
  EXPECT_FALSE(steering_.seek_to(all_sessions, 5 * ns_per_s + 100 * ns_per_ms).refusal);
  EXPECT_EQ(steering_.seek_mark(all_sessions, Direction::back).sentence, "mark at 2.000s: a");
}

TEST_F(SteeringTest, KeysGoThroughTheRatesAndStopAtTheirEnds) {
  std::string rates;
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(steering_.change_rate(all_sessions, Direction::forward).refusal);
    rates += session().rate.to_string() + ' ';
  }
  EXPECT_EQ(rates, "2 5 10 25 50 100 max max ");
  EXPECT_FALSE(steering_.set_rate(all_sessions, *Rate::parse("0.3")).refusal);
  rates.clear();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(steering_.change_rate(all_sessions, Direction::back).refusal);
    rates += session().rate.to_string() + ' ';
  }
  EXPECT_EQ(rates, "0.25 0.1 0.1 ");
}

TEST_F(SteeringTest, PauseIsTurnedOffAndOn) {
  EXPECT_FALSE(steering_.toggle_pause(all_sessions).refusal);
  EXPECT_FALSE(session().paused);
  EXPECT_FALSE(steering_.toggle_pause(all_sessions).refusal);
  EXPECT_TRUE(session().paused);
}

TEST_F(SteeringTest, WhatIsNotThereIsNotSteered) {
  EXPECT_EQ(steering_.step(7, Direction::forward).refusal, Refusal::unknown_session);
  EXPECT_EQ(steering_.pause(7).refusal, Refusal::unknown_session);
  EXPECT_FALSE(steering_.step(all_sessions, Direction::forward, 100).refusal);
  EXPECT_EQ(sink_.text, "1 2 3 4 5 6 7 8 9 10 ");
  ASSERT_TRUE(deck_.run(clock_, [&] { return deck_.empty(); }));
  EXPECT_EQ(steering_.seek_to(all_sessions, 0).refusal, Refusal::nothing_there);
}

TEST_F(SteeringTest, ATapeThatCannotBeReadIsSaidAndNothingChanges) {
  EXPECT_FALSE(steering_.seek_to(all_sessions, 4 * ns_per_s).refusal);
  reel_.torn = true;
  const Steered sought = steering_.seek_to(all_sessions, 1 * ns_per_s);
  EXPECT_EQ(sought.refusal, Refusal::failed);
  EXPECT_EQ(sought.sentence, "the tape is torn");
  EXPECT_EQ(session().at_ns, 4 * ns_per_s);
}

/// Steered as by HTTP.
class ControlApiTest : public SteeringTest {
 protected:
  Answer ask(std::string_view method, std::string_view name, std::string_view body = "") {
    const std::string target = "/tapedeck/v1/" + std::string(name);
    Request request;
    request.method = method;
    request.target = target;
    request.host = "localhost:8080";
    request.body = body;
    return api_.answer(request);
  }
  int status(std::string_view method, std::string_view name, std::string_view body = "") {
    return ask(method, name, body).status;
  }

  ControlApi api_{steering_, {}};
};

TEST_F(ControlApiTest, EachRouteDoesWhatItSays) {
  EXPECT_EQ(status("POST", "step", R"({"frames":3})"), 200);
  EXPECT_EQ(session().seq, 3U);
  EXPECT_EQ(status("POST", "step", R"({"frames":-1})"), 200);
  EXPECT_EQ(session().seq, 2U);
  EXPECT_EQ(status("POST", "seek", R"({"to":"5.5s"})"), 200);
  EXPECT_EQ(session().at_ns, 5 * ns_per_s + ns_per_s / 2);
  EXPECT_EQ(status("POST", "seek", R"({"by":"-2.5s"})"), 200);
  EXPECT_EQ(session().at_ns, 3 * ns_per_s);
  EXPECT_EQ(status("POST", "seek", R"({"event":"stage"})"), 200);
  EXPECT_EQ(session().at_ns, 4 * ns_per_s);
  EXPECT_EQ(status("POST", "seek", R"({"event":"nonsense"})"), 409);
  EXPECT_EQ(status("POST", "rate", R"({"rate":"0.5"})"), 200);
  EXPECT_EQ(session().rate, Rate::parse("0.5").value());
  EXPECT_EQ(status("POST", "rate", R"({"rate":4})"), 200);
  EXPECT_EQ(session().rate, Rate::parse("4").value());
  EXPECT_EQ(status("POST", "resume"), 200);
  EXPECT_FALSE(session().paused);
  EXPECT_EQ(status("POST", "pause"), 200);
  EXPECT_TRUE(session().paused);
  EXPECT_TRUE(ask("GET", "events").feed);
  EXPECT_EQ(ask("GET", "state").body, "{}\n");
  EXPECT_EQ(ask("GET", "openapi.json").body.find("{"), 0U);
  reel_.torn = true;
  EXPECT_EQ(status("POST", "seek", R"({"to":"1s"})"), 500);
}

TEST_F(ControlApiTest, TheStatusIsWhatTheSessionIs) {
  const std::string body = ask("GET", "status").body;
  for (const char* part : {R"("paused":true)", R"("rate":"1")", R"("end_ns":10000000000)",
                           R"("seq":0)", R"("state":null)", R"("lateness_ns":null)"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part << " in " << body;
  }
  EXPECT_TRUE(api_.status_block().starts_with("event: status\ndata: {"));
  EXPECT_TRUE(api_.status_block().ends_with("}\n\n"));
}

TEST_F(ControlApiTest, AMarkIsKeptAndFound) {
  EXPECT_EQ(ask("GET", "marks").body, "{\"marks\":[]}\n");
  EXPECT_EQ(status("POST", "marks", R"({"text":"here","at":"7s"})"), 201);
  EXPECT_EQ(ask("GET", "marks").body, "{\"marks\":[{\"t_ns\":7000000000,\"text\":\"here\"}]}\n");
  EXPECT_EQ(status("POST", "seek", R"({"mark":"next"})"), 200);
  EXPECT_EQ(session().at_ns, 7 * ns_per_s);
  EXPECT_EQ(status("POST", "seek", R"({"mark":"next"})"), 409);
}

TEST_F(ControlApiTest, WhatMeansNothingIsRefusedAndChangesNothing) {
  for (const auto& [name, body] : std::initializer_list<std::pair<const char*, const char*>>{
           {"step", R"({"frames":0})"},
           {"step", R"({"frames":10001})"},
           {"step", R"({"frames":-9223372036854775808})"},
           {"step", R"({"frames":"3"})"},
           {"step", R"({"frame":3})"},
           {"step", "[]"},
           {"step", "{"},
           {"seek", "{}"},
           {"seek", R"({"to":"1s","by":"1s"})"},
           {"seek", R"({"to":"-1s"})"},
           {"seek", R"({"mark":"last"})"},
           {"seek", R"({"event":""})"},
           {"rate", "{}"},
           {"rate", R"({"rate":"fast"})"},
           {"rate", R"({"rate":0.5})"},
           {"marks", R"({"text":""})"},
           {"marks", R"({"text":"two\nlines"})"},
           {"marks", R"({"text":"a","at":7})"},
           {"pause", R"({"session":1})"},
           {"pause?session=x", ""},
           {"pause?session=0", ""}}) {
    EXPECT_EQ(status("POST", name, body), 400) << name << ' ' << body;
  }
  EXPECT_EQ(status("POST", "step", std::string(1U << 20U, ' ')), 413);
  for (const char* name : {"status?session=99", "state?session=99", "marks?session=99"}) {
    EXPECT_EQ(status("GET", name), 404) << name;
  }
  EXPECT_EQ(status("POST", "pause?session=99"), 404);
  EXPECT_EQ(status("GET", "nonsense"), 404);
  EXPECT_EQ(status("GET", "pause"), 405);
  EXPECT_EQ(ask("OPTIONS", "marks").status, 204);
  EXPECT_EQ(ask("OPTIONS", "marks").allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(session().seq, 0U);
  EXPECT_EQ(changes_, 0);
}

TEST_F(ControlApiTest, OnlyThisMachineAndItsPagesSteer) {
  const auto status_for = [&](std::string_view host, std::string_view origin) {
    Request request;
    request.method = "GET";
    request.target = "/tapedeck/v1/status";
    request.host = host;
    request.origin = origin;
    return api_.answer(request).status;
  };
  EXPECT_EQ(status_for("127.0.0.1:8080", ""), 200);
  EXPECT_EQ(status_for("[::1]:8080", "http://[::1]:8080"), 200);
  EXPECT_EQ(status_for("LocalHost", "http://localhost"), 200);
  EXPECT_EQ(status_for("127.0.0.1:8080", "http://evil.example"), 403);
  EXPECT_EQ(status_for("127.0.0.1:8080", "null"), 403);
  for (const char* host : {"evil.example", "192.0.2.1", "[::1", ""}) {
    EXPECT_EQ(status_for(host, ""), 403) << host;
  }
}

}  // namespace
}  // namespace tapedeck::replayer
