// Events left out and payloads edited on the way through: by event, room and participant.
//
// Works on the text of payloads: of one that is edited every byte stays that an edit is not about,
// and one that no edit is about stays as it is. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/decoder.hpp"

namespace tapedeck::event {

/// What events are about. What a list is empty of does not matter.
struct EventChoice {
  std::vector<std::string> events = {};        ///< names; in a breakout room the inner one too
  std::vector<std::string> rooms = {};         ///< uuids of breakout rooms, or `main`
  std::vector<std::string> participants = {};  ///< uuids or display names
};

/// Those of an EventChoice that there were.
struct MetChoice {
  std::set<std::string, std::less<>> events = {};
  std::set<std::string, std::less<>> rooms = {};
  std::set<std::string, std::less<>> participants = {};
};

/// A participant, by uuid or display name, and the name that they get.
struct Rename {
  std::string who;
  std::string name;
  std::uint64_t done = 0;  ///< payloads in which it was
};

struct SetField {
  std::string event;              ///< in a breakout room the inner one
  std::vector<std::string> path;  ///< from the payload on down; see set_at
  std::string json;
  std::uint64_t done = 0;  ///< payloads in which it was
};

struct EventEdits {
  /// Of events, rooms and participants: what is about another one is left out.
  EventChoice only = {};
  /// What is about one of these is left out.
  EventChoice omit = {};
  MetChoice met = {};  ///< of both
  std::vector<Rename> renames = {};
  std::vector<SetField> sets = {};

  [[nodiscard]] bool empty() const;
};

class EventEditor {
 public:
  /// `edits` must outlive it; it counts there what was done.
  explicit EventEditor(EventEdits& edits) : edits_(edits) {}

  struct Edited {
    bool left_out = false;
    bool changed = false;
    std::string_view payload;  ///< lives until the next call
  };

  /// The next event of the stream. Choices come first and go by what is on the tape, then renames,
  /// then fields that are set, each in the order given. An event that is about several participants
  /// (`stage`, `layout`) loses those that are left out, and stays. A payload that is no JSON is
  /// left out by its event and room alone, and not edited.
  [[nodiscard]] Edited next(std::string_view event, std::string_view payload);

 private:
  struct Inner;

  [[nodiscard]] bool leaves_out(const Inner& inner, std::string_view outer) const;
  [[nodiscard]] bool is_one_of(const std::vector<std::string>& who, const std::string& uuid,
                               const std::string& name) const;
  [[nodiscard]] bool leaves_out_participant(const std::string& uuid, const std::string& name) const;
  void learn(const Inner& inner);
  void meet(const Inner& inner, std::string_view outer);
  void meet_participant(const std::string& uuid, const std::string& name);
  void take_participants_out(std::string_view outer);
  void rename(Rename& rename, std::string_view outer);
  void set(SetField& set, std::string_view outer);

  EventEdits& edits_;
  Decoder decoder_;
  std::map<std::string, std::string> name_of_;  ///< display names by uuid
  std::string text_;                            ///< the payload as edited so far
  bool changed_ = false;
};

}  // namespace tapedeck::event
