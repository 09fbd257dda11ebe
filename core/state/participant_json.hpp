// The JSON of a participant as a client holds it, kept up to date.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/state/participant_rules.hpp"

namespace tapedeck::state {

/// What JSON.stringify makes of Participant::to_value, `rawData` aside, between two texts that do
/// not change. Not thread-safe.
class ParticipantJson {
 public:
  /// With what stands around it. Empty until it is written.
  [[nodiscard]] std::string_view text() const { return text_; }
  void clear() { text_.clear(); }

  // What is made on the way lies in `arena`.
  void write(const Participant& participant, Client client, event::Arena& arena,
             std::string_view before = {}, std::string_view after = {});
  /// The participant is what was written, but for these fields.
  void update(const Participant& participant, Client client, ParticipantFields changed,
              event::Arena& arena);

 private:
  std::string text_;
  std::size_t begin_ = 0;
  std::array<std::uint32_t, participant_rules_count> ends_{};  ///< of what each rule has made
};

/// The same, appended to `out`.
void append_json(std::string& out, const Participant& participant, Client client,
                 event::Arena& arena);

}  // namespace tapedeck::state
