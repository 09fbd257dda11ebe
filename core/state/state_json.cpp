#include "core/state/state_json.hpp"

#include <algorithm>
#include <utility>

#include "core/base/json_writer.hpp"
#include "core/state/conference_status.hpp"
#include "core/state/error_code.hpp"
#include "core/state/participant_json.hpp"

namespace tapedeck::state {
namespace {

using event::Arena;

/// Those with a number above 0 in `field`, ascending; roster order where numbers are the same.
std::vector<const StoredParticipant*> ordered_by(const Room& room, std::string_view field) {
  std::vector<std::pair<double, const StoredParticipant*>> found;
  room.participants.for_each([&](const StoredParticipant& stored) {
    // What is in a roster has been converted before: this does not throw.
    if (const double number = to_number((*stored.payload)[field]); number > 0) {
      found.emplace_back(number, &stored);
    }
  });
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const StoredParticipant*> ordered;
  ordered.reserve(found.size());
  for (const auto& [number, stored] : found) {
    ordered.push_back(stored);
  }
  return ordered;
}

class StateWriter {
 public:
  StateWriter(std::string& out, const Reducer& reducer)
      : json_(out), state_(reducer.state()), policy_(reducer.policy()) {}

  void write() {
    json_.begin_object();
    json_.member("seq", state_.seq);
    json_.member("t_ns", state_.t_ns);
    json_.member("client", policy_.name);
    write_conference();
    write_connection();
    json_.key("rooms").begin_array();
    state_.rooms.for_each([&](const Room& room) {
      if (room.is_known() || room.id->is_text(main_room)) {
        write_room(room);
      }
    });
    json_.end_array();
    write_chat();
    write_transfer();
    member("splash_screen", *state_.splash_screen);
    write_counts();
    json_.end_object();
  }

 private:
  /// Undefined becomes null: a key is always there.
  void item(const Value& value) {
    std::string text;
    append_json(text, value, {.without = raw_data_key});
    json_.raw(text);
  }
  void member(std::string_view name, const Value& value) {
    json_.key(name);
    item(value);
  }

  void write_conference() {
    const Join& join = state_.join;
    json_.key("conference").begin_object();
    json_.member("alias", join.alias).member("name", join.conference_name);
    json_.end_object();
    json_.key("self").begin_object();
    json_.member("uuid", join.self);
    json_.member("display_name", join.display_name);
    json_.member("role", join.role);
    member("service_type", *state_.service_type);
    json_.end_object();
  }

  void write_connection() {
    json_.key("connection").begin_object();
    json_.member("state", state_.disconnect ? "disconnected" : "connected");
    json_.member("id", std::uint64_t{state_.connection_id});
    json_.member("count", state_.counts.connections);
    json_.key("disconnect");
    if (const auto& disconnect = state_.disconnect) {
      json_.begin_object();
      member("error", *disconnect->reason);
      json_.member("error_code", error_code(*disconnect->reason));
      json_.member("seq", disconnect->seq);
      json_.member("t_ns", disconnect->t_ns);
      json_.end_object();
    } else {
      json_.null();
    }
    json_.end_object();
    json_.key("token").begin_object();
    json_.key("expires_s");
    if (state_.join.token_expires_s) {
      json_.number(*state_.join.token_expires_s);
    } else {
      json_.null();
    }
    json_.member("refreshes_asked", state_.counts.token_refreshes);
    json_.end_object();
    json_.key("presentation").begin_object();
    const PresentationLinks links =
        state_.call.value_or(PresentationLinks{Link::disconnected, Link::disconnected});
    json_.member("send", name_of(links.send)).member("recv", name_of(links.recv));
    json_.end_object();
  }

  void write_room(const Room& room) {
    json_.begin_object();
    member("id", *room.id);
    member("self", state_.self_in(room));
    json_.key("syncing").boolean(room.syncing);
    arena_.clear();
    member("status", room.status->is_undefined()
                         ? Value()
                         : conference_status(*room.status, policy_.client, arena_));
    json_.key("participants").begin_array();
    room.participants.for_each([&](const StoredParticipant& stored) {
      arena_.clear();
      std::string text;
      append_json(text, Participant(*stored.payload, policy_), policy_.client, arena_);
      json_.raw(text);
    });
    json_.end_array();
    write_uuids("raised_hands", raised_hands(room));
    write_uuids("spotlights", spotlights(room));
    member("presentation", *room.presentation);
    member("stage", *room.stage);
    member("layout", *room.layout);
    member("captions", *room.captions);
    json_.end_object();
  }

  void write_uuids(std::string_view name, const std::vector<const StoredParticipant*>& all) {
    json_.key(name).begin_array();
    for (const StoredParticipant* stored : all) {
      item((*stored->payload)["uuid"]);
    }
    json_.end_array();
  }

  void write_chat() {
    json_.key("chat").begin_array();
    for (const ChatMessage& message : state_.chat) {
      json_.begin_object();
      json_.member("seq", message.seq);
      json_.key("text").boolean(message.is_text);
      for (const event::Member& part : message.message->members()) {
        member(part.key, part.value);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void write_transfer() {
    const Value& transfer = *state_.transfer;
    json_.key("transfer");
    if (transfer.is_undefined()) {
      json_.null();
      return;
    }
    json_.begin_object();
    member("alias", transfer["alias"]);
    member("breakout_name", transfer["breakout_name"]);
    member("target", transfer["target"]);
    json_.end_object();
  }

  void write_counts() {
    const Counts& counts = state_.counts;
    json_.key("counts").begin_object();
    json_.key("events").begin_object();
    for (std::size_t i = 0; i < counts.by_kind.size(); ++i) {
      if (counts.by_kind[i] != 0) {
        json_.member(event::name_of(static_cast<event::Kind>(i)), counts.by_kind[i]);
      }
    }
    json_.end_object();
    json_.key("unknown").begin_object();
    for (const auto& [name, count] : counts.unknown) {
      json_.member(name, count);
    }
    json_.end_object();
    json_.member("chat", counts.chat);
    json_.member("dropped", counts.dropped);
    json_.end_object();
  }

  JsonWriter json_;
  const State& state_;
  const ClientPolicy& policy_;
  Arena arena_;
};

}  // namespace

void append_state_json(std::string& out, const Reducer& reducer) {
  StateWriter(out, reducer).write();
}

std::vector<const StoredParticipant*> raised_hands(const Room& room) {
  return ordered_by(room, "buzz_time");
}

std::vector<const StoredParticipant*> spotlights(const Room& room) {
  return ordered_by(room, "spotlight");
}

}  // namespace tapedeck::state
