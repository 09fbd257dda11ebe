// What goes wrong in a run: the faults that were asked for, with what the seed decides.
//
// Pure: it knows no clock and no socket. What becomes of a stream depends on the seed, on the
// number of the stream and on its frames, and never on when they are sent or who else listens; what
// becomes of a request on how many of its kind came before. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/fault_spec.hpp"

namespace tapedeck::replayer {

/// Where the connection breaks off a faulty source gives a frame without bytes that is not
/// complete. Nobody else makes one.
[[nodiscard]] inline bool is_cut(const port::Frame& frame) {
  return frame.raw.empty() && !frame.complete;
}

/// What a source does when the connection has broken off.
enum class AfterCut {
  end,    ///< it is over: the stream was its only one
  go_on,  ///< others will listen to what follows
};

class FaultPlan {
 public:
  FaultPlan(const std::vector<Fault>& faults, std::uint64_t seed);

  /// The frames of `source` as the n-th stream gets them, counted from 1. `begin_ns` is the time
  /// from which the `t` of the faults counts. Faults of frames come first, in the order in which
  /// they were given, then those of the line: stall, drop, slow, split. The plan must outlive what
  /// it gives.
  [[nodiscard]] std::unique_ptr<port::FrameSource> apply(std::unique_ptr<port::FrameSource> source,
                                                         std::uint64_t stream,
                                                         std::int64_t begin_ns = 0,
                                                         AfterCut after_cut = AfterCut::end);

  /// Each frame that is handed over is to be a write of its own.
  [[nodiscard]] bool writes_apart() const;

  /// The status that a request is refused with, or nothing: it is answered. To be asked once for
  /// each request; `call` is its path below the conference.
  [[nodiscard]] std::optional<int> refuse(std::string_view call);

  /// The faults that make the server forget who joined.
  [[nodiscard]] bool forgets() const;
  /// How long the n-th who joins, counted from 1, is remembered; nothing: until they leave.
  [[nodiscard]] std::optional<std::int64_t> remembered_ns(std::uint64_t join) const;

  /// Each fault, and how often it has been done so far: one clause.
  [[nodiscard]] std::string report() const;

 private:
  struct Entry {
    Fault fault;
    std::uint64_t done = 0;
    Random random;            ///< of requests
    std::uint64_t asked = 0;  ///< requests that the fault might be about
    std::int64_t nth = 0;     ///< the one that it is about; 0: n was not given
  };

  [[nodiscard]] Random random_for(std::uint64_t stream, std::size_t entry) const;

  std::uint64_t seed_;
  std::vector<Entry> entries_;  ///< what apply() gave counts in them: it never grows
};

}  // namespace tapedeck::replayer
