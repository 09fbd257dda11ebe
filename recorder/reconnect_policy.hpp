// When to connect again after a stream ended or an attempt failed: arithmetic only, no clock.
//
// As @pexip/infinity does it: 100 ms * 2^n with +-20% jitter, at most 30 s, 8 attempts, from the
// start again after a good connection. A `retry:` of the stream replaces the first wait where none
// was asked for. Unlike
// that client a connection is only good once it brought a frame or stood for a while
// (`good_connection` is the caller's to call), so that a server which opens and ends at once is
// given up, not polled for ever.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "core/base/limits.hpp"

namespace tapedeck::recorder {

struct ReconnectOptions {
  /// Failed attempts in a row after which it gives up; 0 never reconnects, nothing never gives up.
  std::optional<int> attempts_max = limits::reconnect_attempts_max;
  std::optional<std::int64_t> first_wait_ns = std::nullopt;  ///< limits::reconnect_wait_ns
  std::int64_t longest_wait_ns = limits::reconnect_wait_ns_max;
  std::uint64_t seed = 0;  ///< makes the jitter: the same seed, the same waits
};

class ReconnectPolicy {
 public:
  explicit ReconnectPolicy(const ReconnectOptions& options)
      : options_(options),
        first_wait_ns_(options.first_wait_ns.value_or(limits::reconnect_wait_ns)),
        random_(options.seed) {}

  /// The stream set its reconnection time; kept over connections, clamped to
  /// limits::server_wait_ns_min and _max. Nothing happens where a first wait was asked for.
  void set_retry_ms(std::uint64_t retry_ms);

  /// The connection proved good: the next wait is the first again.
  void good_connection() { attempts_ = 0; }

  /// How long to wait before the next attempt, or nothing: give up. A server's `Retry-After` makes
  /// the wait longer, never shorter, up to limits::server_wait_ns_max.
  [[nodiscard]] std::optional<std::int64_t> next_wait_ns(std::int64_t retry_after_ns = 0);

  /// Attempts since the last good connection.
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  ReconnectOptions options_;
  int attempts_ = 0;
  std::int64_t first_wait_ns_;
  std::mt19937_64 random_;
};

}  // namespace tapedeck::recorder
