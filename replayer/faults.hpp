// What goes wrong on the way to a client: connections that break off, and silences.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/port/frame_source.hpp"

namespace tapedeck::replayer {

/// The faults of one stream, in the time of its source.
struct StreamFaults {
  /// The connection breaks off in the first frame from `at_ns` on.
  struct Break {
    std::int64_t at_ns = 0;
    std::uint32_t kept_permille = 1000;  ///< how much of that frame still comes; at 1000 all
  };
  std::optional<Break> break_off = std::nullopt;

  /// From each multiple of `every_ns` on nothing comes for `for_ns`, and then all of it at once.
  struct Stalls {
    std::int64_t every_ns = 0;  ///< more than `for_ns`
    std::int64_t for_ns = 0;
  };
  std::optional<Stalls> stalls = std::nullopt;
};

/// The frames of a source as they come over a line with these faults.
class FaultySource final : public port::FrameSource {
 public:
  /// `broke` is called when the frame is read after which the connection breaks off; the source is
  /// over then.
  FaultySource(std::unique_ptr<port::FrameSource> source, const StreamFaults& faults,
               std::function<void()> broke);

  [[nodiscard]] Result<std::optional<port::Frame>> next() override;

 private:
  [[nodiscard]] std::int64_t arrival_ns(std::int64_t recv_ns) const;

  std::unique_ptr<port::FrameSource> source_;
  StreamFaults faults_;
  std::function<void()> broke_;
  bool is_broken_ = false;
};

}  // namespace tapedeck::replayer
