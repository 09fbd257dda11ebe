// The presentation: what the client's call says of both directions.
#include <gtest/gtest.h>

#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

std::string links(std::string_view send, std::string_view recv) {
  return R"(onPresentationConnectionChange {"send":")" + std::string(send) + R"(","recv":")" +
         std::string(recv) + R"("})";
}

constexpr std::string_view start =
    R"({"presenter_name":"A","presenter_uri":"a","presenter_uuid":"u1"})";

TEST(Presentation, IsReceivedOnceUntilItStops) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("presentation_start", start),
            (Texts{links("new", "connecting"), links("new", "connected")}));
  EXPECT_EQ(client.send("presentation_start", start), Texts{});
  EXPECT_FALSE(client.state().main().presentation->is_undefined());
  EXPECT_EQ(client.send("presentation_stop", "{}"), (Texts{links("new", "disconnected")}));
  EXPECT_EQ(client.send("presentation_stop", "{}"), Texts{});
  EXPECT_TRUE(client.state().main().presentation->is_undefined());
}

TEST(Presentation, WithoutAPresenterIsNotReceived) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("presentation_start",
                        R"({"presenter_name":"","presenter_uri":"","presenter_uuid":""})"),
            Texts{});
}

TEST(Presentation, IsDroppedWhereThePresenterHasNoText) {
  TestClient client(Client::client_20);
  EXPECT_EQ(client.send("presentation_start", R"({"presenter_name":{"toString":1},)"
                                              R"("presenter_uri":"a","presenter_uuid":"u"})"),
            Texts{});
  EXPECT_EQ(client.outcome().fate, Fate::dropped);
}

TEST(Presentation, EndsWithEachCall) {
  TestClient client(Client::client_20);
  client.send("presentation_start", start);
  EXPECT_EQ(client.send("call_disconnected", R"({"call_uuid":"c","reason":"r"})"),
            (Texts{links("new", "disconnected"), links("disconnected", "disconnected"),
                   R"(onCallDisconnected {"call_uuid":"c"})"}));
  EXPECT_EQ(client.send("call_disconnected", "{}").size(), 3U);
}

/// What the client does by REST, where the tape has it.
class Acting {
 public:
  Texts act(RestEffect effect) {
    derivation_.act(effect, 5);
    return pull();
  }
  Texts start_of_another() {
    derivation_.push({1, 1, 7}, wall_ns,
                     "event: presentation_start\ndata: {\"presenter_uuid\":\"u\"}\n\n");
    return pull();
  }
  Texts pull() {
    Texts texts;
    while (const auto step = derivation_.next()) {
      if (step->place.recv_ns > 0) {
        for (const Emitted& emitted : step->signals) {
          texts.push_back(described(name_of(emitted.signal), emitted.payload));
        }
      }
    }
    return texts;
  }
  [[nodiscard]] const State& state() const { return derivation_.state(); }

 private:
  Derivation derivation_{Join{}};
};

TEST(Presenting, FollowsTheFloorThatWasAskedFor) {
  Acting client;
  EXPECT_EQ(client.act(RestEffect::floor_taken),
            (Texts{links("connecting", "new"), links("connecting", "disconnected"),
                   links("connected", "disconnected")}));
  EXPECT_EQ(client.act(RestEffect::floor_released), (Texts{links("disconnected", "disconnected")}));
  EXPECT_EQ(client.act(RestEffect::floor_refused).back(), links("failed", "disconnected"));
}

TEST(Presenting, EndsWhenAnotherTakesTheFloor) {
  Acting client;
  client.act(RestEffect::floor_taken);
  EXPECT_EQ(client.start_of_another(),
            (Texts{links("connected", "connecting"), links("disconnected", "connecting"),
                   links("disconnected", "connected")}));
  EXPECT_EQ(client.act(RestEffect::floor_released), Texts{});
}

TEST(Leaving, EndsTheCallWithoutAWordOfDisconnection) {
  Acting client;
  EXPECT_EQ(client.act(RestEffect::left_by_user),
            (Texts{links("new", "disconnected"), links("disconnected", "disconnected")}));
  EXPECT_TRUE(client.state().disconnect.has_value());
  EXPECT_EQ(client.start_of_another(), Texts{});
}

TEST(RestCall, TellsWhatAPluginHearsOf) {
  event::Decoder decoder;
  const std::string base = "/api/client/v2/conferences/meet.alice/";
  const auto effect = [&](std::string_view method, const std::string& path, std::int64_t status,
                          std::string_view body = "{}") {
    const std::string target = base + path;
    return effect_of({method, target, body, status}, decoder);
  };
  EXPECT_EQ(effect("POST", "participants/u/calls/c/ack", 200), RestEffect::media_connected);
  EXPECT_EQ(effect("POST", "participants/u/calls/c/ack", 403), RestEffect::none);
  EXPECT_EQ(effect("GET", "participants/u/calls/c/ack", 200), RestEffect::none);
  EXPECT_EQ(effect("POST", "participants/u/take_floor?token=x", 200), RestEffect::floor_taken);
  EXPECT_EQ(effect("POST", "participants/u/take_floor", 403), RestEffect::floor_refused);
  EXPECT_EQ(effect("POST", "participants/u/release_floor", 200), RestEffect::floor_released);
  EXPECT_EQ(effect("POST", "release_token", 200, R"({"reason":"User initiated disconnect"})"),
            RestEffect::left_by_user);
  EXPECT_EQ(effect("POST", "release_token", 200, R"({"reason":"Transfer"})"), RestEffect::none);
  EXPECT_EQ(effect("POST", "release_token", 200, "not JSON"), RestEffect::none);
  EXPECT_EQ(effect_of({"POST", "/elsewhere/ack", "", 200}, decoder), RestEffect::none);
}

}  // namespace
}  // namespace tapedeck::state::test
