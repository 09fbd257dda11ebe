// A simulated node behind a simulated network, as the recorder sees it: a recorder::Source whose
// connections bring the conference's bytes in pieces, late, cut short or not at all.
//
// It keeps a log of what it did, which is the truth that a tape is held against. All times are
// those of the clock that it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.hpp"
#include "core/port/clock.hpp"
#include "core/sim/node.hpp"
#include "recorder/source.hpp"
#include "tests/sim/plan.hpp"

namespace tapedeck::test {

/// What the node says of itself when a connection opens.
inline constexpr const char* source_url = "http://simulated.example/events";
inline constexpr const char* response_headers = "Content-Type: text/event-stream";

/// One attempt to connect, as it was.
struct AttemptLog {
  std::int64_t at_ns = 0;
  std::string last_event_id;  ///< that came with it
  enum class Answer {
    none,  ///< until the recorder gave up
    opened,
    refused,
    refused_for_ever,
  };
  Answer answer = Answer::none;
  std::int64_t answered_ns = 0;     ///< or given up
  std::int64_t retry_after_ns = 0;  ///< what the refusal asked for
};

/// One connection, as it was.
struct ConnectionLog {
  std::string last_event_id;  ///< that it was opened with
  std::int64_t opened_ns = 0;
  std::string body;  ///< what was handed to the recorder
  struct Read {
    std::uint64_t end_offset = 0;
    std::int64_t at_ns = 0;
  };
  std::vector<Read> reads;
  std::optional<port::ConnectionEnd> end;  ///< nothing: the recorder closed it
  std::int64_t closed_ns = 0;
};

class SimulatedNetwork final : public recorder::Source {
 public:
  /// `clock` must outlive the network.
  SimulatedNetwork(const Plan& plan, port::Clock& clock);

  [[nodiscard]] const std::string& name() const override { return name_; }
  void open(const std::string& last_event_id) override;
  [[nodiscard]] recorder::SourceEvent next(std::int64_t until_ns) override;
  /// Nothing here is ever full.
  void hold(bool held) override { check(!held, "a stream of the simulation is held"); }
  void close() override;

  [[nodiscard]] const std::vector<ConnectionLog>& log() const { return log_; }
  [[nodiscard]] const std::vector<AttemptLog>& attempts() const { return attempts_; }
  [[nodiscard]] const std::string& self() const { return node_.observer_uuid(); }

 private:
  enum class State { closed, opening, open, ending };

  void plan_read();
  [[nodiscard]] bool fetch();
  [[nodiscard]] recorder::SourceEvent answer();
  [[nodiscard]] recorder::SourceEvent deliver();
  [[nodiscard]] recorder::SourceEvent end();
  void mutate();

  const NetworkPlan network_;
  const Mutant mutant_;
  port::Clock& clock_;
  Random random_;
  sim::Node node_;
  std::string name_ = "the simulated node";

  State state_ = State::closed;
  std::int64_t due_ns_ = 0;  ///< of the answer, the read or the end
  std::unique_ptr<port::FrameSource> stream_;
  std::optional<port::Frame> peeked_;
  std::string sent_;            ///< by the node, and not yet delivered
  std::int64_t sent_ns_ = 0;    ///< when its last byte was
  std::size_t read_bytes_ = 0;  ///< of the read that is due
  std::string delivered_;       ///< lives until the next call
  port::ConnectionEnd ending_ = port::ConnectionEnd::finished;
  std::vector<ConnectionLog> log_;
  std::vector<AttemptLog> attempts_;
};

}  // namespace tapedeck::test
