// When a token is to be refreshed: arithmetic only, no clock.
//
// As @pexip/infinity 20.0.0 does it: every third of the life that the token had at the join,
// counted from the join; once more when the node asks; again with growing waits when a request got
// no answer, until the token is five seconds past its life.
#pragma once

#include <cstdint>

namespace tapedeck::recorder {

class RefreshSchedule {
 public:
  /// `life_ns` is taken within limits::token_life_ns_min and _max.
  RefreshSchedule(std::int64_t joined_ns, std::int64_t life_ns);

  /// When the next request is due; the largest number for never.
  [[nodiscard]] std::int64_t due_ns() const;

  /// The node has asked for a refresh. No more than one a second is done for it.
  void asked(std::int64_t now_ns);
  /// A request is under way; one of the two below follows.
  void begun(std::int64_t now_ns);
  /// There is a new token.
  void succeeded(std::int64_t now_ns);
  /// There was no answer, or none that is a yes or a no.
  void failed(std::int64_t now_ns);
  /// The node does not know the token: it will not be asked again.
  void refused() { alive_ = false; }

  /// The token is good, as far as we know.
  [[nodiscard]] bool alive() const { return alive_; }

 private:
  std::int64_t period_ns_;
  std::int64_t life_ns_;
  std::int64_t next_regular_ns_;
  std::int64_t due_ns_;
  std::int64_t fresh_ns_;  ///< when the token was given
  std::int64_t begun_ns_;  ///< of the last request
  std::int64_t wait_ns_;   ///< after the next failure
  bool under_way_ = false;
  bool alive_ = true;
};

}  // namespace tapedeck::recorder
