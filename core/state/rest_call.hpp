// What a client did by REST, as far as a plugin hears of it; from the exchanges on a tape.
//
// A stream does not tell that media flow, that somebody pressed the leave button or took the floor,
// or that the client gave up: the requests that go with it do (docs/EVENTS.md). The rules are those
// of call.js, requestClient.js and generateEndpoint in infinityClient.js, the same in all versions.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/decoder.hpp"

namespace tapedeck::state {

/// A request and its answer, borrowed.
struct RestCall {
  std::string_view method;
  std::string_view target;
  std::string_view request_body;
  std::int64_t status = 0;
  std::int64_t at_ns = 0;  ///< when the answer was there
};

enum class RestEffect : std::uint8_t {
  none,
  media_connected,  ///< the media negotiation of a call was acknowledged for the first time
  left_by_user,     ///< the token was released because the user left
  floor_taken,      ///< the client presents
  floor_refused,
  floor_released,  ///< the client presents no more
  action_failed,   ///< calls or ack was answered as the client cannot take it: it disconnects
  token_expired,   ///< the token could not be refreshed in time: it disconnects
};

class RestCalls {
 public:
  /// `token_expires_s` is how long a token is valid, where the join tells.
  explicit RestCalls(std::optional<std::uint64_t> token_expires_s);

  /// The effect of the next call, in the order of `at_ns`.
  [[nodiscard]] RestEffect effect_of(const RestCall& call);

 private:
  [[nodiscard]] RestEffect acknowledged(std::string_view path, std::int64_t status);
  [[nodiscard]] RestEffect refreshed(const RestCall& call);

  event::Decoder decoder_;                      // of request bodies
  std::optional<std::int64_t> token_valid_ns_;  // with the client's grace
  std::int64_t token_granted_ns_ = 0;
  std::string acknowledged_;  // path of the last ack that was granted, which names the call
};

}  // namespace tapedeck::state
