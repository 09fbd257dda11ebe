// A command of a client beside what the recording has at that time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/units.hpp"

namespace tapedeck::cli {

/// A command of a client beside the recording.
struct ComparedCommand {
  std::uint64_t join = 0;  ///< JoinInfo::number
  std::int64_t at_ns = 0;  ///< on the tape
  std::string path = {};   ///< below the conference
  std::string text = {};   ///< as describe() has it
  bool tape_has_calls = true;
  bool refused = false;  ///< a guest gave it, and only hosts may
  /// The same call of the recorded client.
  struct Recorded {
    std::int64_t at_ns = 0;
    bool same_body = false;
  };
  std::optional<Recorded> recorded = {};
  /// Whether and when things become on the recording what the command asks for.
  enum class Effect {
    unknown,  ///< no state tells
    already,
    later,  ///< at `effect_ns`
    never,  ///< not soon
  };
  Effect effect = Effect::unknown;
  std::int64_t effect_ns = 0;
};

/// `mute of Alice at 12.3s: the recorded client did so at 12.9s; ...`
[[nodiscard]] std::string sentence(const ComparedCommand& command);

[[nodiscard]] std::string_view name_of(ComparedCommand::Effect effect);

/// How far the recording is read on for what a command asks for: a node takes a moment, and the
/// recorded client may have been slower.
inline constexpr std::int64_t command_effect_ns_max = 30 * ns_per_s;

}  // namespace tapedeck::cli
