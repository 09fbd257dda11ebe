#include "core/state/restore.hpp"

#include <string_view>
#include <utility>

#include "core/event/kind.hpp"
#include "core/event/value.hpp"

namespace tapedeck::state {
namespace {

using event::Kind;
using event::Member;

class Restorer {
 public:
  /// What `from` has and `to` has not, or has otherwise.
  void end(const State& from, const State& to) {
    const Room nothing{};
    from.rooms.for_each([&](const Room& room) {
      const Room* after = to.rooms.get(JsKey(*room.id));
      end_room(room, after != nullptr ? *after : nothing);
    });
    if (!from.splash_screen->is_undefined() && to.splash_screen->is_undefined()) {
      tell(Kind::splash_screen, Value::null());
    }
  }

  void restore(const State& state) {
    state.rooms.for_each([&](const Room& room) {
      if (room.is_known() || room.id->is_text(main_room)) {
        restore_room(room);
      }
    });
    told(Kind::splash_screen, *state.splash_screen);
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(blocks_); }

 private:
  void end_room(const Room& room, const Room& after) {
    room_ = &room;
    if (!room.presentation->is_undefined() && !(*room.presentation == *after.presentation)) {
      tell(Kind::presentation_stop, Value::object({}));
    }
    if (!room.stage->is_undefined() && after.stage->is_undefined()) {
      tell(Kind::stage, Value::array({}));
    }
    const bool is_over =
        !after.is_known() || (!room.breakout->is_undefined() && after.breakout->is_undefined());
    if (is_over && room.is_known() && !room.id->is_text(main_room)) {
      const Member members[] = {{"breakout_uuid", *room.id}};
      tell(Kind::breakout_end,
           room.breakout->is_undefined() ? Value::object(members) : *room.breakout);
    }
  }

  void restore_room(const Room& room) {
    room_ = &room;
    told(Kind::breakout_begin, *room.breakout);
    tell(Kind::participant_sync_begin, Value::null());
    room.participants.for_each([&](const StoredParticipant& participant) {
      tell(Kind::participant_create, *participant.payload);
    });
    if (!room.syncing) {
      tell(Kind::participant_sync_end, Value::null());
    }
    told(Kind::conference_update, *room.status);
    told(Kind::stage, *room.stage);
    told(Kind::layout, *room.layout);
    told(Kind::presentation_start, *room.presentation);
    told(Kind::live_captions, *room.captions);
  }

  /// Tells what has been told before.
  void told(Kind kind, const Value& payload) {
    if (!payload.is_undefined()) {
      tell(kind, payload);
    }
  }

  void tell(Kind kind, const Value& payload) {
    const bool of_the_conference =
        kind == Kind::breakout_begin || kind == Kind::breakout_end || kind == Kind::splash_screen;
    if (of_the_conference || room_->id->is_text(main_room)) {
      add(kind, payload);
      return;
    }
    const Member members[] = {{"breakout_uuid", *room_->id},
                              {"event", Value::string(event::name_of(kind))},
                              {"id", Value::null()},
                              {"data", payload}};
    add(Kind::breakout_event, Value::object(members));
  }

  void add(Kind kind, const Value& payload) {
    std::string& block = blocks_.emplace_back("event: ");
    block += event::name_of(kind);
    block += "\ndata: ";
    append_json(block, payload);
    block += "\n\n";
  }

  std::vector<std::string> blocks_;
  const Room* room_ = nullptr;
};

}  // namespace

std::vector<std::string> restoring_blocks(const State& state) {
  Restorer restorer;
  restorer.restore(state);
  return restorer.take();
}

std::vector<std::string> transition_blocks(const State& from, const State& to) {
  Restorer restorer;
  restorer.end(from, to);
  restorer.restore(to);
  return restorer.take();
}

}  // namespace tapedeck::state
