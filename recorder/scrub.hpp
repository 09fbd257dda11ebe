// Replaces the secrets that a stream itself carries by placeholders of the same length, on the way
// to a tape: offsets, reads and all other bytes stay as they were.
//
// In the data of a message a secret is what the Redactor takes for one in a REST body: a value
// whose key names one (the one-time `token` of `refer`, the `pwd` of `new_candidate`), in URLs, in
// JSON within strings (the payload of a message, the inner event of `breakout_event`), and known
// ones; in comments and other fields, known ones. What is left of a secret where a connection broke
// off goes too. Of a block of more than limits::frame_bytes_max, which is no message for anybody,
// the first piece is treated like this, and of the others only the line ends stay.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "core/port/recording_sink.hpp"
#include "recorder/redact.hpp"

namespace tapedeck::recorder {

/// `placeholder` in so many bytes: filled up, or only its number. Digits for a number.
[[nodiscard]] std::string fitted(const SecretPlace& place, std::size_t size);

/// `block` without its secrets. `complete`: nothing of it is cut off.
[[nodiscard]] std::string scrubbed(std::string_view block, bool complete, Redactor& redactor);

class ScrubbingSink final : public port::RecordingSink {
 public:
  /// Both must outlive the sink.
  ScrubbingSink(port::RecordingSink& to, Redactor& redactor) : to_(to), redactor_(redactor) {}

  [[nodiscard]] std::int64_t session_start_ns() const override { return to_.session_start_ns(); }
  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override {
    return to_.open_connection(start);
  }
  Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns) override {
    return to_.note_read(connection_id, end_offset, recv_ns);
  }
  Result<void> accept(const port::Frame& frame) override;
  Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                port::ConnectionEnd end, const std::string& detail) override;
  Result<void> note_gap(const port::Gap& gap) override { return to_.note_gap(gap); }
  Result<void> note_exchange(const port::Exchange& exchange) override {
    return to_.note_exchange(exchange);
  }
  Result<void> commit_if_due(std::int64_t now_ns) override { return to_.commit_if_due(now_ns); }
  Result<void> finish() override { return to_.finish(); }

 private:
  port::RecordingSink& to_;
  Redactor& redactor_;
  std::set<std::uint32_t> in_block_;  ///< connections whose last frame was a piece of a block
};

}  // namespace tapedeck::recorder
