// A client for tests: what is sent to it, and what it emits for that, as short texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/derivation.hpp"

namespace tapedeck::state::test {

inline constexpr std::string_view self_uuid = "00000000-0000-4000-8000-000000000000";
inline constexpr std::int64_t wall_ns = 1'790'000'000'123'456'789;

using Texts = std::vector<std::string>;

inline std::string json(const Value& value) {
  std::string text;
  append_json(text, value, {.without = raw_data_key});
  return text;
}

/// `onMe main/u1` where the payload is about a participant, `onParticipants main: u1 u2` for a
/// list, else the signal and its payload as JSON without `at` and `id`.
inline std::string described(std::string_view name, const Value& payload) {
  std::string text(name);
  const auto in_room = [&](const Value& participant) { return json(participant["uuid"]); };
  if (payload["participant"].is_object()) {
    return text + ' ' + json(payload["id"]) + '/' + in_room(payload["participant"]);
  }
  if (payload["participants"].is_array() && !payload["id"].is_undefined()) {
    text += ' ' + json(payload["id"]) + ':';
    for (const Value& participant : payload["participants"].items()) {
      text += ' ' + in_room(participant);
    }
    return text;
  }
  return payload.is_undefined() ? text : text + ' ' + json(payload);
}

class TestClient {
 public:
  explicit TestClient(Client client, Join join = {}, bool digest = true,
                      std::size_t state_bytes_max = limits::state_bytes_max)
      : TestClient(std::move(join),
                   {.client = client, .digest = digest, .state_bytes_max = state_bytes_max}) {}

  TestClient(Join join, const ReducerOptions& options) : derivation_(std::move(join), options) {
    joined_ = pull();
  }

  /// What the join emitted.
  [[nodiscard]] const Texts& joined() const { return joined_; }

  /// Sends an event in a read of its own; what it emits.
  Texts send(std::string_view name, std::string_view data) {
    begin_read();
    return send_along(name, data);
  }

  /// Sends an event in the same read as the one before.
  Texts send_along(std::string_view name, std::string_view data) {
    frame_ = "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
    derivation_.push({++seq_, connection_, now_ns_}, wall_ns, frame_);
    return pull();
  }

  /// The same for an event of a breakout room; `room` and `data` are JSON.
  Texts send_in(std::string_view room, std::string_view name, std::string_view data) {
    return send("breakout_event", R"({"breakout_uuid":)" + std::string(room) + R"(,"event":")" +
                                      std::string(name) + R"(","data":)" + std::string(data) + '}');
  }

  void begin_read() { now_ns_ += 1000; }
  void reconnect() { ++connection_; }

  Texts finish() {
    derivation_.finish();
    return pull();
  }

  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] const Reducer& reducer() const { return derivation_.reducer(); }
  [[nodiscard]] const State& state() const { return derivation_.state(); }

 private:
  Texts pull() {
    Texts texts;
    while (const auto step = derivation_.next()) {
      if (step->event != nullptr) {
        outcome_ = step->outcome;
      }
      for (const Emitted& emitted : step->signals) {
        texts.push_back(described(name_of(emitted.signal), emitted.payload));
      }
    }
    return texts;
  }

  Derivation derivation_;
  std::string frame_;
  Texts joined_;
  Outcome outcome_;
  std::uint64_t seq_ = 0;
  std::uint32_t connection_ = 1;
  std::int64_t now_ns_ = 0;
};

/// `{"uuid":"u1"}` and more members, if any, as JSON.
inline std::string person(std::string_view uuid, std::string_view more = "") {
  return R"({"uuid":")" + std::string(uuid) + '"' + (more.empty() ? "" : ",") + std::string(more) +
         '}';
}

}  // namespace tapedeck::state::test
