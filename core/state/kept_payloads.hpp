// The payloads of participants as they came on the wire, beside what the state keeps of them: where
// the next one differs only in what a few members are, these alone are decoded.
//
// What is kept here can be dropped at any time: then the next payload is decoded whole. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/event/value.hpp"
#include "core/state/state.hpp"

namespace tapedeck::state {

class KeptPayloads {
 public:
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
    struct Place {
      std::uint32_t begin = 0;
      std::uint32_t end = 0;
    };
    std::vector<Place> places;  ///< of the values in the text, one for each member
    std::size_t uuid = 0;       ///< the member that holds it
  };

  /// Keeps the payload that `stored` was made from, with this origin. What is known of it otherwise
  /// is forgotten. `stored` must stay where it is until it is forgotten.
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

  /// `text` is now the last payload; `changes()` are of these two.
  void replace(Kept& kept, std::string_view text);

 private:
  [[nodiscard]] std::string_view uuid_in(std::string_view text);
  [[nodiscard]] bool take_uuid_at(std::string_view text, std::size_t at);

  std::unordered_map<std::uint64_t, Kept> kept_;  // by a hash of the uuid
  std::size_t bytes_ = 0;                         // of all texts and places
  std::array<std::size_t, 4> uuids_{};            // how far from the end uuids have stood
  std::size_t next_uuid_ = 0;
  std::array<Change, 8> changes_;
  std::size_t changes_found_ = 0;
};

}  // namespace tapedeck::state
