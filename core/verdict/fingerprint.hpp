// Reduces the frames of a tape to numbers that are equal where two tapes say the same.
//
// Frames are handed in in the order of `seq`. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/wire_reader.hpp"
#include "core/port/frame.hpp"
#include "core/verdict/mask.hpp"

namespace tapedeck::verdict {

/// What frames that differ may have in common, from the most to the least: who the event is about
/// and all its fields but an eighth of them, for each eighth; the event and who; the event. As
/// numbers that are equal where frames have it in common; 0 where there is nothing of the kind.
using Likeness = std::array<std::uint32_t, 10>;

class Fingerprint {
 public:
  explicit Fingerprint(const Ignore& ignore) : ignore_(ignore), mask_(ignore) {}

  /// What gets an event of the frame, its payload masked; it lives during the call.
  using OnEvent = std::function<void(const event::WireEvent&)>;

  /// Of `frame`, or nothing where the frame says nothing that counts: a comment, when comments are
  /// ignored. Frames with different fingerprints differ; those with the same one say the same, but
  /// for a chance of 2^-64.
  [[nodiscard]] std::optional<std::uint64_t> of(const port::Frame& frame,
                                                const OnEvent& on_event = {});

  /// Of the last frame.
  [[nodiscard]] const Likeness& likeness() const { return likeness_; }

 private:
  void append_event(const event::WireEvent& event);
  void liken(const event::WireEvent& event);
  void append_rest(std::string_view raw, bool has_event);

  Ignore ignore_;
  Mask mask_;
  event::WireReader reader_;
  std::string text_;  ///< what counts of the frame
  Likeness likeness_{};
};

}  // namespace tapedeck::verdict
