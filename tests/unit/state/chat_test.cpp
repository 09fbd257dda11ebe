// Chat, stage, layout, transfers, captions and the rest.
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

/// The payload of the only signal, as it is kept in the chat log, without `at` and `id`.
std::string last_message(const TestClient& client) {
  std::string text;
  for (const event::Member& member : client.state().chat.back().message->members()) {
    if (member.key != "at" && member.key != "id" && !member.value.is_undefined()) {
      text += std::string(member.key) + '=' + json(member.value) + ' ';
    }
  }
  return text;
}

TEST(Message, IsTextOrSomethingThatJsonParseTakes) {
  TestClient client(Client::client_20);
  const auto signal_for = [&](std::string_view type, std::string_view payload) {
    const Texts texts =
        client.send("message_received", R"({"type":)" + std::string(type) + R"(,"payload":)" +
                                            std::string(payload) + '}');
    return texts.empty() ? std::string() : texts[0].substr(0, texts[0].find(' '));
  };
  EXPECT_EQ(signal_for(R"("text/plain")", R"("{}")"), "onMessage");
  EXPECT_EQ(signal_for(R"("text/plain; charset=utf-8")", "5"), "onMessage");
  EXPECT_EQ(signal_for(R"("Text/Plain")", R"("hello")"), "");
  EXPECT_EQ(client.outcome().fate, Fate::dropped);
  EXPECT_EQ(signal_for(R"("application/json")", R"("{\"a\":1}")"), "onApplicationMessage");
  EXPECT_EQ(signal_for("null", R"("[1]")"), "onApplicationMessage");
  EXPECT_EQ(signal_for("null", "7"), "onApplicationMessage");
  EXPECT_EQ(signal_for("null", "[7]"), "onApplicationMessage");
  EXPECT_EQ(signal_for("null", "{}"), "");
  EXPECT_EQ(signal_for("null", R"({"toString":1})"), "");
  EXPECT_EQ(signal_for("7", R"("[1]")"), "");
  EXPECT_EQ(client.state().counts.chat, 6U);
}

TEST(Message, NamesItsSenderFromTheMainRosterOrByItsOrigin) {
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1", R"("uri":"sip:alice@example.com")"));
  client.send("message_received",
              R"({"uuid":"u1","origin":"A","type":"text/plain","payload":"hi","direct":true})");
  EXPECT_EQ(last_message(client), R"(roomId="main" displayName="alice@example.com" userId="u1" )"
                                  R"(direct=true message="hi" )");
  client.send_in(R"("b1")", "message_received",
                 R"({"uuid":"u2","origin":"B","type":"text/plain","payload":"ho"})");
  EXPECT_EQ(last_message(client), R"(roomId="b1" displayName="B" userId="u2" message="ho" )");
}

TEST(Message, HasTheRecordedTimeAndTheIdOfItsFrame) {
  TestClient client(Client::client_20);
  client.send("message_received", R"({"type":"text/plain","payload":"hi"})");
  const Value message = *client.state().chat.back().message;
  EXPECT_EQ(message["at"].as_string(), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(message["id"].as_string().size(), 36U);
}

TEST(Message, IsKeptInALogOfBoundedLength) {
  TestClient client(Client::client_20, {}, false);
  for (std::size_t i = 0; i <= limits::chat_log_max; ++i) {
    client.send("message_received", R"({"type":"text/plain","payload":"hi"})");
  }
  EXPECT_EQ(client.state().chat.size(), limits::chat_log_max);
  EXPECT_EQ(client.state().chat.front().seq, 2U);
  EXPECT_EQ(client.state().counts.chat, limits::chat_log_max + 1);
}

TEST(Message, IsKeptInALogOfBoundedBytes) {
  TestClient client(Client::client_20, {}, false);
  const std::string long_text(limits::chat_bytes_max / 4, 'x');
  for (int i = 0; i < 10; ++i) {
    client.send("message_received", R"({"type":"text/plain","payload":")" + long_text + "\"}");
  }
  EXPECT_EQ(client.state().chat.size(), 3U);
  EXPECT_EQ(client.state().chat.back().seq, 10U);
  EXPECT_EQ(client.state().counts.chat, 10U);
  EXPECT_EQ(client.outcome().fate, Fate::handled);
}

TEST(Message, WithJsonOverALimitIsLeftOut) {
  TestClient client(Client::client_20);
  const std::string deep(limits::json_depth_max + 1, '[');
  client.send("message_received", R"({"type":"application/json","payload":")" + deep + "\"}");
  EXPECT_EQ(client.outcome().fate, Fate::left_out);
  EXPECT_EQ(client.outcome().limit, Limit::json_depth);
  EXPECT_EQ(client.state().counts.dropped, 0U);
}

TEST(UnknownEvent, IsCountedByNameWhileTheNameIsShort) {
  TestClient client(Client::client_20);
  client.send("weather", "1");
  client.send(std::string(limits::unknown_name_bytes_max + 1, 'x'), "1");
  EXPECT_EQ(client.state().counts.unknown.size(), 1U);
  EXPECT_EQ(client.state().counts.by_kind[static_cast<std::size_t>(event::Kind::unknown)], 2U);
}

TEST(Stage, KeepsThreeMembersAndNeedsObjects) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("stage", R"([{"participant_uuid":"u","stage_index":0,"vad":9,"x":1},5])"),
            (Texts{R"(onStage [{"userId":"u","stageIndex":0,"vad":9},{}])"}));
  EXPECT_EQ(client.send("stage", "[null]"), Texts{});
  EXPECT_EQ(client.send("stage", "{}"), Texts{});
  EXPECT_EQ(client.outcome().fate, Fate::dropped);
  EXPECT_EQ(client.state().main().stage->items().size(), 2U) << "what was known stays";
}

TEST(Layout, EmitsThreeSignalsOrNone) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("layout", R"({"view":"1:0","overlay_text_enabled":1})"),
            (Texts{R"(onRequestedLayout {"primaryScreen":{}})", "onLayoutOverlayTextEnabled true",
                   R"(onLayoutUpdate {"view":"1:0","overlay_text_enabled":1})"}));
  EXPECT_EQ(client
                .send("layout", R"({"requested_layout":{"primary_screen":{"chair_layout":"a",)"
                                R"("guest_layout":"b"}}})")
                .front(),
            R"(onRequestedLayout {"primaryScreen":{"hostLayout":"a","guestLayout":"b"}})");
  EXPECT_EQ(client.send("layout", R"({"requested_layout":{}})"), Texts{});
}

TEST(Refer, SpreadsThePayloadAsJavaScriptDoes) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("refer", R"({"target":"main","b":1,"2":2,"breakout_name":"N"})"),
            (Texts{R"(onTransfer {"2":2,"target":"main","b":1,"breakout_name":"N",)"
                   R"("breakoutName":"N"})"}));
  EXPECT_EQ(client.send("refer", "\"a\xf0\x9f\x98\x80\""),
            (Texts{R"(onTransfer {"0":"a","1":"\ud83d","2":"\ude00"})"}));
  EXPECT_EQ(client.send("refer", "[5]"), (Texts{R"(onTransfer {"0":5})"}));
  EXPECT_EQ(client.send("refer", "7"), (Texts{"onTransfer {}"}));
  EXPECT_EQ(client.send("refer", "null"), Texts{});
}

TEST(CancelRefer, IsHeardFrom19On) {
  TestClient client(Client::client_20);
  client.send("refer", R"({"alias":"a"})");
  EXPECT_FALSE(client.state().transfer->is_undefined());
  EXPECT_EQ(client.send("cancel_refer", R"({"alias":"a"})"),
            (Texts{R"(onCancelTransfer {"alias":"a"})"}));
  EXPECT_TRUE(client.state().transfer->is_undefined());
  EXPECT_EQ(TestClient(Client::client_17).send("cancel_refer", "{}"), Texts{});
}

TEST(LiveCaptions, NameTheirSpeakersFrom20On) {
  const std::string_view captions =
      R"({"data":"hi","is_final":false,"sources":[{"participant_uuid":"u1"},)"
      R"({"participant_uuid":"nobody"},{"participant_uuid":""}]})";
  TestClient client(Client::client_20);
  client.send("participant_create", person("u1", R"("display_name":"Alice")"));
  EXPECT_EQ(client.send("live_captions", captions),
            (Texts{R"(onLiveCaptions {"data":"hi","isFinal":false,"speakers":["Alice"]})"}));
  EXPECT_EQ(client.send("live_captions", R"({"data":"hi","sources":[null]})"), Texts{});
  EXPECT_EQ(client.send("live_captions", R"({"data":"hi","sources":"u1"})"), Texts{});
  EXPECT_EQ(TestClient(Client::client_19).send("live_captions", captions),
            (Texts{R"(onLiveCaptions {"data":"hi","isFinal":false})"}));
}

TEST(SplashScreen, IsShownOnlyWithAThemeButIsKept) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("splash_screen", R"({"screen_key":"direct_media_welcome"})"), Texts{});
  EXPECT_TRUE((*client.state().splash_screen)["screen_key"].is_text("direct_media_welcome"));
  EXPECT_EQ(client.send("splash_screen", "null"), (Texts{"onSplashScreen"}));
  EXPECT_TRUE(client.state().splash_screen->is_undefined());
  EXPECT_EQ(client.send("splash_screen", "7"), Texts{});
}

TEST(DirectMedia, PassesOnWhatTheOtherSideSends) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("new_offer", R"({"sdp":"v=0"})"), (Texts{R"(onNewOffer "v=0")"}));
  EXPECT_EQ(client.send("update_sdp", "{}"), (Texts{"onUpdateSdp"}));
  EXPECT_EQ(client.send("peer_disconnect", "null"), (Texts{"onPeerDisconnect"}));
  EXPECT_EQ(client.send("fecc", R"({"action":"stop"})"), (Texts{R"(onFecc {"action":"stop"})"}));
  EXPECT_EQ(client.send("new_candidate", R"({"candidate":"c","mid":"0"})").size(), 1U);
  EXPECT_EQ(client.send("new_candidate", "null"), Texts{});
}

TEST(Events, ThatNobodyHearsAreCounted) {
  TestClient client(Client::client_20);
  client.send("of_tomorrow", "{}");
  client.send("of_tomorrow", "{}");
  EXPECT_EQ(client.outcome().fate, Fate::unheard);
  client.send("stage", "[1,");
  EXPECT_EQ(client.outcome().fate, Fate::dropped);
  client.send("stage", "");
  EXPECT_EQ(client.outcome().fate, Fate::ignored);
  const Counts& counts = client.state().counts;
  EXPECT_EQ(counts.unknown.at("of_tomorrow"), 2U);
  EXPECT_EQ(counts.by_kind[static_cast<std::size_t>(event::Kind::stage)], 2U);
  EXPECT_EQ(counts.dropped, 1U);
}

TEST(Events, OfEverNewNamesAreCountedWithinALimit) {
  TestClient client(Client::client_20, {}, false);
  for (std::size_t i = 0; i < limits::unknown_names_max + 10; ++i) {
    client.send("name" + std::to_string(i), "1");
  }
  EXPECT_EQ(client.state().counts.unknown.size(), limits::unknown_names_max);
  EXPECT_EQ(client.state().counts.by_kind[static_cast<std::size_t>(event::Kind::unknown)],
            limits::unknown_names_max + 10);
}

}  // namespace
}  // namespace tapedeck::state::test
