// The presentation: what the client's call says of both directions.
#include <gtest/gtest.h>

#include "core/base/units.hpp"
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

TEST(Leaving, SaysWhyWhereItIsUnexpected) {
  const auto said = [](RestEffect effect) {
    Acting client;
    const Texts signals = client.act(effect);
    EXPECT_EQ(signals.size(), 3U);
    EXPECT_EQ(client.act(effect), Texts{}) << "it has left already";
    return signals.front();
  };
  EXPECT_EQ(said(RestEffect::action_failed),
            R"(onDisconnected {"error":"Could not execute critical network action",)"
            R"("errorCode":"#pex117"})");
  EXPECT_EQ(said(RestEffect::token_expired),
            R"(onDisconnected {"error":"Could not reconnect to the meeting",)"
            R"("errorCode":"#pex117"})");
}

/// One client's requests, as its tape has them.
class Requests {
 public:
  explicit Requests(std::optional<std::uint64_t> token_expires_s = {}) : calls_(token_expires_s) {}

  RestEffect post(const std::string& path, std::int64_t status, std::string_view body = "{}",
                  std::int64_t at_ns = 0) {
    return request("POST", "/api/client/v2/conferences/meet.alice/" + path, status, body, at_ns);
  }
  RestEffect request(std::string_view method, const std::string& target, std::int64_t status,
                     std::string_view body = "{}", std::int64_t at_ns = 0) {
    return calls_.effect_of({method, target, body, status, at_ns});
  }

 private:
  RestCalls calls_;
};

TEST(RestCalls, TellOfTheFloorAndOfTheLeaveButton) {
  Requests requests;
  EXPECT_EQ(requests.post("participants/u/take_floor?token=x", 200), RestEffect::floor_taken);
  EXPECT_EQ(requests.post("participants/u/take_floor", 403), RestEffect::floor_refused);
  EXPECT_EQ(requests.post("participants/u/release_floor", 200), RestEffect::floor_released);
  EXPECT_EQ(requests.post("release_token", 200, R"({"reason":"User initiated disconnect"})"),
            RestEffect::left_by_user);
  EXPECT_EQ(requests.post("release_token", 200, R"({"reason":"Transfer"})"), RestEffect::none);
  EXPECT_EQ(requests.post("release_token", 200, "not JSON"), RestEffect::none);
}

TEST(RestCalls, TellOfMediaOnceForEachCall) {
  Requests requests;
  EXPECT_EQ(requests.request("GET", "/api/client/v2/conferences/m/participants/u/calls/c/ack", 200),
            RestEffect::none);
  EXPECT_EQ(requests.request("POST", "/elsewhere/ack", 200), RestEffect::none);
  EXPECT_EQ(requests.post("participants/u/calls/c/ack", 403), RestEffect::none);
  EXPECT_EQ(requests.post("participants/u/calls/c/ack", 200), RestEffect::media_connected);
  EXPECT_EQ(requests.post("participants/u/calls/c/ack", 200), RestEffect::none);
  EXPECT_EQ(requests.post("participants/u/calls/d/ack", 200), RestEffect::media_connected);
}

TEST(RestCalls, TellThatTheClientGaveUpOnWhatItCannotTake) {
  Requests requests;
  for (const std::int64_t status : {200, 400, 403, 500, 504}) {
    EXPECT_EQ(requests.post("participants/u/calls", status), RestEffect::none) << status;
  }
  EXPECT_EQ(requests.post("participants/u/calls", 502), RestEffect::action_failed);
  EXPECT_EQ(requests.post("participants/u/calls/c/ack", 500), RestEffect::action_failed);
}

TEST(RestCalls, TellThatTheTokenExpired) {
  Requests requests(120);
  EXPECT_EQ(requests.post("request_token", 200, "{}", 10 * ns_per_s), RestEffect::none);
  EXPECT_EQ(requests.post("refresh_token", 200, "{}", 50 * ns_per_s), RestEffect::none);
  EXPECT_EQ(requests.post("refresh_token", 403, "{}", 174 * ns_per_s), RestEffect::none);
  EXPECT_EQ(requests.post("refresh_token", 403, "{}", 175 * ns_per_s), RestEffect::token_expired);

  Requests nobody_told;
  EXPECT_EQ(nobody_told.post("refresh_token", 403, "{}", 1'000'000 * ns_per_s), RestEffect::none);
}

}  // namespace
}  // namespace tapedeck::state::test
