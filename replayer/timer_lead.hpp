// How long before a time a timer has to be set, as the machine wakes late.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tapedeck::replayer {

/// An idle processor takes some 50 to 100 us to wake up. Most of that comes back each time, so that
/// who sets its timers early by it, and spins the few microseconds that are sometimes left, is
/// punctual at hardly any cost. Learned from the timers themselves.
class TimerLead {
 public:
  /// It is limits::spin_time from now on, whatever the timers do.
  void be_longest();

  /// A timer has woken its thread, nanoseconds after the time it was set for.
  void woke_late(std::int64_t late_ns);

  /// Nanoseconds, never more than limits::spin_time; 0 until enough timers have woken. Three timers
  /// of four wake later than that after the time they are set for.
  [[nodiscard]] std::int64_t ns() const { return lead_ns_; }

 private:
  static constexpr std::size_t remembered = 32;

  std::array<std::int64_t, remembered> late_ns_{};  // the last ones
  std::size_t woken_ = 0;
  std::int64_t least_ns_ = 0;
  std::int64_t lead_ns_ = 0;
};

}  // namespace tapedeck::replayer
