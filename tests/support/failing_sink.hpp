// A sink whose n-th call fails, and a count of the calls: what is done after a failure shows.
#pragma once

#include <cstdint>
#include <string>

#include "core/port/recording_sink.hpp"

namespace tapedeck::test {

/// Passes everything on to another sink until the call number `fail_at` (from 1), which fails, as
/// do all after it.
class FailingSink final : public port::RecordingSink {
 public:
  FailingSink(port::RecordingSink& sink, int fail_at) : sink_(sink), fail_at_(fail_at) {}

  [[nodiscard]] int calls() const { return calls_; }

  [[nodiscard]] std::int64_t session_start_ns() const override { return sink_.session_start_ns(); }
  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override {
    return fails() ? failure() : sink_.open_connection(start);
  }
  Result<void> note_read(std::uint32_t id, std::uint64_t end_offset, std::int64_t at_ns) override {
    return fails() ? failure() : sink_.note_read(id, end_offset, at_ns);
  }
  Result<void> accept(const port::Frame& frame) override {
    return fails() ? failure() : sink_.accept(frame);
  }
  Result<void> close_connection(std::uint32_t id, std::int64_t closed_ns, port::ConnectionEnd end,
                                const std::string& detail) override {
    return fails() ? failure() : sink_.close_connection(id, closed_ns, end, detail);
  }
  Result<void> note_gap(const port::Gap& gap) override {
    return fails() ? failure() : sink_.note_gap(gap);
  }
  Result<void> note_exchange(const port::Exchange& exchange) override {
    return fails() ? failure() : sink_.note_exchange(exchange);
  }
  Result<void> commit_if_due(std::int64_t now_ns) override {
    return fails() ? failure() : sink_.commit_if_due(now_ns);
  }
  Result<void> finish() override { return fails() ? failure() : sink_.finish(); }

 private:
  bool fails() { return ++calls_ >= fail_at_; }
  static Failure failure() { return fail_io("the disk is full"); }

  port::RecordingSink& sink_;
  int fail_at_;
  int calls_ = 0;
};

}  // namespace tapedeck::test
