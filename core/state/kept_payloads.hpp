// The payloads of participants as they came on the wire, beside what the state keeps of them: where
// the next one differs only in what a few members are, these alone are decoded.
//
// What is kept here can be dropped at any time: then the next payload is decoded whole. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/event/value.hpp"
#include "core/state/participant_json.hpp"
#include "core/state/state.hpp"

namespace tapedeck::state {

class KeptPayloads {
 public:
  /// What the members of a payload are to a client, the same for all with those keys.
  struct Fields {
    std::vector<std::optional<ParticipantField>> of_members;  ///< nothing where it is not read
    FieldPlaces places;
  };

  /// A member that is another one than in the payload before; a string lies in the new text.
  struct Change {
    std::size_t member = 0;  ///< its place among the members
    std::size_t begin = 0;   ///< of its value in the new text
    std::size_t end = 0;
    Value value;
  };

  /// The last payload of one participant.
  struct Kept {
    StoredParticipant* stored = nullptr;
    std::string text;
    // Where the values stand in the text, one of each for a member. Apart from one another, so that
    // many are searched and moved at once.
    std::vector<std::uint16_t> begins;
    std::vector<std::uint16_t> ends;
    static_assert(limits::kept_payload_bytes_max <= std::numeric_limits<std::uint16_t>::max());
    std::shared_ptr<const Fields> fields;
    std::size_t uuid = 0;  ///< the member that holds it, a string without escapes
    ParticipantJson json;  ///< empty until it is asked for

    /// Where the uuid stands in a text like this one.
    [[nodiscard]] std::string_view uuid_in(std::string_view same) const {
      return same.substr(begins[uuid] + std::size_t{1}, ends[uuid] - begins[uuid] - std::size_t{2});
    }
  };

  /// Keeps the payload that `stored` was made from; where its origin does not allow it, or there is
  /// no room, what was kept of the participant is forgotten. `stored` must stay where it is until
  /// then.
  void keep(const Value& payload, const event::Origin& origin, StoredParticipant& stored);
  void forget(const Value& uuid);
  void clear();

  /// What may be the last payload of whom `text` is about: a guess, which changes_to() proves. Null
  /// where there is none.
  [[nodiscard]] Kept* find(std::string_view text);

  /// What is different in `text`, in its order, until the next call. False where more than values
  /// that are no arrays or objects differ, or the uuid does, or it is not certain.
  [[nodiscard]] bool find_changes(const Kept& kept, std::string_view text);
  [[nodiscard]] std::span<const Change> changes() const {
    return std::span(changes_).first(changes_found_);
  }

  /// `text` is now the last payload, and is what is stored; `changes()` are of these two.
  void replace(Kept& kept, std::string_view text);

  /// Brings `kept.json` up to date with `participant`, which is the one in it after `replace`: for
  /// each of them once, or never. False where it has to be written anew.
  [[nodiscard]] bool update_json(Kept& kept, const Participant& participant, Client client,
                                 event::Arena& arena);
  /// Writes it, between two texts; what was made before may be forgotten for that. False where
  /// there is no room.
  [[nodiscard]] bool write_json(Kept& kept, const Participant& participant, Client client,
                                event::Arena& arena, std::string_view before,
                                std::string_view after);

 private:
  struct Slot {
    std::uint64_t hash = 0;  // of the uuid
    std::unique_ptr<Kept> kept;
  };
  static constexpr std::size_t slots_tried = 4;

  [[nodiscard]] std::string_view uuid_in(std::string_view text);
  [[nodiscard]] Slot* slot_of(std::uint64_t hash);
  [[nodiscard]] Slot* free_slot(std::uint64_t hash);
  [[nodiscard]] Slot& slot_for(std::uint64_t hash);
  void grow();
  void drop(Slot& slot);
  template <class Write>
  [[nodiscard]] bool rewrite_json(Kept& kept, Write write);

  // A hash table in which not everything needs to find a place. Its size is a power of two.
  std::vector<Slot> slots_;
  std::size_t bytes_ = 0;                 // of all texts, places and JSON
  std::uint64_t keys_ = 0;                // of the payload that was kept last
  std::shared_ptr<const Fields> fields_;  // of the same
  // Where the key `uuid` stood, from the end of the text on: what comes after it differs little.
  std::array<std::size_t, 4> uuids_from_end_{};
  std::size_t uuids_found_ = 0;
  std::array<Change, 8> changes_;
  std::size_t changes_found_ = 0;
};

}  // namespace tapedeck::state
