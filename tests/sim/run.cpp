#include "tests/sim/run.hpp"

#include <memory>
#include <utility>

#include "core/base/units.hpp"
#include "core/event/wire_reader.hpp"
#include "core/port/virtual_clock.hpp"
#include "core/state/reducer.hpp"
#include "replayer/deck.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::test {
namespace {

/// Hands everything on to a tape, up to the frame at which the process dies: from there on nothing
/// reaches the tape any more.
class MortalSink final : public port::RecordingSink {
 public:
  MortalSink(schema::TapeWriter& tape, std::optional<std::uint64_t> death_frames,
             port::Clock& clock, ProcessLog& log)
      : tape_(tape), death_frames_(death_frames), clock_(clock), log_(log) {}

  [[nodiscard]] std::int64_t session_start_ns() const override { return tape_.session_start_ns(); }
  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override {
    return tape_.open_connection(start);
  }
  Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns) override {
    return tape_.note_read(connection_id, end_offset, recv_ns);
  }
  Result<void> accept(const port::Frame& frame) override {
    if (death_frames_ && log_.frames_accepted + 1 == *death_frames_) {
      log_.has_died = true;
      log_.committed_seq = tape_.committed_seq();
      return fail_io("the process dies");
    }
    auto accepted = tape_.accept(frame);
    if (accepted) {
      ++log_.frames_accepted;
      log_.accepted_ns.push_back(clock_.now_ns());
    }
    return accepted;
  }
  Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                port::ConnectionEnd end, const std::string& detail) override {
    return tape_.close_connection(connection_id, closed_ns, end, detail);
  }
  Result<void> note_gap(const port::Gap& gap) override { return tape_.note_gap(gap); }
  Result<void> note_exchange(const port::Exchange& exchange) override {
    return tape_.note_exchange(exchange);
  }
  Result<void> commit_if_due(std::int64_t now_ns) override { return tape_.commit_if_due(now_ns); }
  Result<void> finish() override { return tape_.finish(); }

 private:
  schema::TapeWriter& tape_;
  std::optional<std::uint64_t> death_frames_;
  port::Clock& clock_;
  ProcessLog& log_;
};

/// Runs one recording process. False: the node had nothing left for it.
Result<bool> run_process(const Plan& plan, const std::string& path, bool is_first,
                         SimulatedNetwork& network, port::VirtualClock& clock, Recorded& recorded) {
  ProcessLog log;
  log.first_connection = network.log().size();
  std::unique_ptr<schema::TapeWriter> tape;
  std::optional<MortalSink> sink;
  const auto wall_now_ns = [&clock] { return sim::epoch_ns + clock.now_ns(); };
  recorder::SessionPorts ports{
      .source = network,
      .clock = clock,
      .open_sink = [&]() -> Result<port::RecordingSink*> {
        schema::TapeWriterOptions options;
        options.existing = is_first ? schema::Existing::refuse : schema::Existing::append;
        options.durability = schema::Durability::normal;
        options.wall_now_ns = wall_now_ns();
        options.commit_frames_max = plan.commit_frames_max;
        options.commit_ns_max = plan.commit_ns_max;
        auto opened = schema::TapeWriter::open(path, options);
        if (!opened) {
          return fail(opened.error());
        }
        tape = std::move(*opened);
        log.frames_before = tape->committed_seq();
        log.tape_minus_clock_ns = tape->session_start_ns() - clock.now_ns();
        sink.emplace(*tape, is_first ? plan.death_frames : std::nullopt, clock, log);
        return &*sink;
      },
      .wall_now_ns = wall_now_ns,
      .stop_requested = [] { return false; },
      .on_progress = nullptr};
  recorder::Session session(std::move(ports), {.duration_ns = plan.duration_ns,
                                               .frames_max = plan.frames_max,
                                               .stall_ns = std::nullopt,
                                               .seed = plan.seed});
  auto summary = session.run();
  log.end_ns = clock.now_ns();
  if (summary) {
    log.summary = *summary;
  } else if (!tape && !is_first) {
    return false;
  } else if (!log.has_died) {
    return fail(summary.error());
  }
  recorded.processes.push_back(std::move(log));
  return true;
}

class StateSink final : public replayer::PacedSink {
 public:
  StateSink(port::Clock& clock, const std::string& self, Replayed& replayed)
      : clock_(clock),
        reducer_(join_as(self), {.signals = true, .digest = true}),
        replayed_(replayed) {
    reducer_.begin();
  }

  Result<void> accept(const port::Frame& frame) override {
    replayed_.deliveries.push_back({clock_.now_ns(), frame.seq, frame.recv_ns});
    replayed_.bytes += frame.raw;
    if (frame.connection_id != connection_id_) {
      if (connection_id_ != 0) {
        reducer_.reconnect(frame.connection_id);
      }
      connection_id_ = frame.connection_id;
    }
    reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
    while (const auto event = reader_.next()) {
      reducer_.apply(*event, sim::epoch_ns + frame.recv_ns);
    }
    reducer_.end_turn();
    return {};
  }
  Result<void> flush() override { return {}; }
  Result<void> finish() override {
    replayed_.state_digest = reducer_.digest().to_string();
    replayed_.disconnected = reducer_.state().disconnect.has_value();
    reducer_.state().main().participants.for_each([this](const state::StoredParticipant& one) {
      const event::Value uuid = (*one.payload)["uuid"];
      replayed_.roster.emplace_back(uuid.is_string() ? uuid.as_string() : "?");
    });
    return {};
  }

 private:
  static state::Join join_as(const std::string& self) {
    state::Join join;
    join.self = self;
    return join;
  }

  port::Clock& clock_;
  event::WireReader reader_;
  state::Reducer reducer_;
  std::uint32_t connection_id_ = 0;
  Replayed& replayed_;
};

}  // namespace

Result<Recorded> record(const Plan& plan, const std::string& path) {
  port::VirtualClock clock;
  SimulatedNetwork network(plan, clock);
  Recorded recorded;
  recorded.self = network.self();
  auto ran = run_process(plan, path, true, network, clock, recorded);
  if (ran && recorded.processes.back().has_died) {
    clock.wait_until(clock.now_ns() + static_cast<std::int64_t>(plan.seed % 7) * ns_per_s / 3);
    ran = run_process(plan, path, false, network, clock, recorded);
  }
  if (!ran) {
    return fail(ran.error());
  }
  recorded.connections = network.log();
  return recorded;
}

Result<Replayed> replay(const std::string& path, const std::string& self,
                        const replayer::TimelineOptions& options, std::int64_t start_ns) {
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  auto frames = (*tape)->frames();
  if (!frames) {
    return fail(frames.error());
  }
  port::VirtualClock clock;
  clock.wait_until(start_ns);
  Replayed replayed;
  StateSink sink(clock, self, replayed);
  replayer::Deck deck;
  if (auto started = deck.start(std::move(*frames), replayer::Timeline(options, start_ns), sink);
      !started) {
    return fail(started.error());
  }
  if (auto played = deck.run(clock, [&deck] { return deck.empty(); }); !played) {
    return fail(played.error());
  }
  return replayed;
}

}  // namespace tapedeck::test
