// Two reducers side by side: one is given every payload decoded, the other decodes what it has to.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/wire_reader.hpp"
#include "core/state/reducer.hpp"
#include "core/state/state_json.hpp"

namespace tapedeck::test {

class BothPaths {
 public:
  BothPaths(const state::Join& join, state::ReducerOptions options) : plain_(join, options) {
    options.only_changes = true;
    changes_.emplace(join, options);
    plain_.begin();
    changes_->begin();
  }

  /// Whether the same has become of the event, and the same was emitted.
  bool apply(const event::WireEvent& undecoded) {
    event::WireEvent decoded = undecoded;
    decode(plain_decoder_, decoded);
    const state::Outcome plain = plain_.apply(decoded, decoded.recv_ns);
    event::WireEvent event = undecoded;
    auto outcome = changes_->apply_changes(event, event.recv_ns);
    if (outcome) {
      ++undecoded_;
      if (!tells_changes(decoded.value)) {
        return false;
      }
    } else {
      decode(decoder_, event);
      outcome = changes_->apply(event, event.recv_ns);
    }
    return plain.fate == outcome->fate && plain.why == outcome->why &&
           plain.limit == outcome->limit && emitted(plain_) == emitted(*changes_);
  }
  bool apply(event::Kind kind, std::string_view text) {
    event::WireEvent event;
    event.kind = kind;
    event.name = name_of(kind);
    event.data = text;
    event.payload = text.empty() ? event::Payload::empty : event::Payload::undecoded;
    event.seq = ++seq_;
    event.recv_ns = static_cast<std::int64_t>(seq_) * 1000;
    return apply(event);
  }
  void end_turn() {
    plain_.end_turn();
    changes_->end_turn();
  }

  /// Whether all that the reducers can be asked for is the same.
  [[nodiscard]] bool is_same_state() const { return account(plain_) == account(*changes_); }

  /// How many events were not decoded whole.
  [[nodiscard]] std::size_t undecoded() const { return undecoded_; }
  [[nodiscard]] const state::Reducer& changes() const { return *changes_; }

 private:
  static void decode(event::Decoder& decoder, event::WireEvent& event) {
    if (event.payload == event::Payload::undecoded) {
      event::decode(decoder, event);
    }
  }
  /// Whether what is told of the last update, which was not decoded, is in `payload`.
  [[nodiscard]] bool tells_changes(const event::Value& payload) const {
    const auto& few = changes_->few_changes();
    return few && payload["uuid"].is_text(few->uuid) &&
           std::ranges::all_of(few->changes, [&](const state::FewChanges::Change& change) {
             const event::Member& member = payload.members()[change.place];
             return member.key == change.member.key && member.value == change.member.value;
           });
  }
  static std::string account(const state::Reducer& reducer) {
    std::string account = reducer.digest().to_string();
    state::append_state_json(account, reducer);
    reducer.state().main().participants.for_each([&](const state::StoredParticipant& stored) {
      account += stored.is_muted ? "muted" : "";
      account += stored.raised_hand ? "hand" : "";
      account += std::to_string(stored.payload.bytes());
      append_json(account, *stored.payload);
    });
    return account;
  }
  static std::string emitted(const state::Reducer& reducer) {
    std::string text;
    for (const state::Emitted& signal : reducer.signals()) {
      text += name_of(signal.signal);
      append_json(text, signal.payload);
    }
    return text;
  }

  state::Reducer plain_;
  std::optional<state::Reducer> changes_;
  event::Decoder plain_decoder_;
  event::Decoder decoder_;
  std::uint64_t seq_ = 0;
  std::size_t undecoded_ = 0;
};

}  // namespace tapedeck::test
