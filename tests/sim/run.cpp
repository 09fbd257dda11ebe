#include "tests/sim/run.hpp"

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/units.hpp"
#include "core/event/wire_reader.hpp"
#include "core/port/virtual_clock.hpp"
#include "core/state/derivation.hpp"
#include "core/state/reducer.hpp"
#include "core/state/snapshot.hpp"
#include "replayer/deck.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_faults.hpp"

namespace tapedeck::test {
namespace {

bool is_death(const Mishap& mishap) {
  return mishap.kind == Mishap::Kind::killed || mishap.kind == Mishap::Kind::abandoned;
}

/// Hands everything on to a tape, up to the call before which the process is killed: from there on
/// nothing reaches the disk any more.
class MortalSink final : public port::RecordingSink {
 public:
  MortalSink(schema::TapeWriter& tape, FaultyDisk& disk, const std::optional<Mishap>& mishap,
             port::Clock& clock, ProcessLog& log)
      : tape_(tape), disk_(disk), clock_(clock), log_(log) {
    if (mishap && is_death(*mishap)) {
      fatal_call_ = mishap->number;
      is_killed_ = mishap->kind == Mishap::Kind::killed;
    }
  }

  [[nodiscard]] std::int64_t session_start_ns() const override { return tape_.session_start_ns(); }
  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override {
    if (dies()) {
      return death();
    }
    return tape_.open_connection(start);
  }
  Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns) override {
    return dies() ? Result<void>(death()) : tape_.note_read(connection_id, end_offset, recv_ns);
  }
  Result<void> accept(const port::Frame& frame) override {
    if (dies()) {
      return death();
    }
    ++log_.frames_offered;
    auto accepted = tape_.accept(frame);
    if (accepted) {
      log_.accepted_ns.push_back(clock_.now_ns());
    }
    return accepted;
  }
  Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                port::ConnectionEnd end, const std::string& detail) override {
    return dies() ? Result<void>(death())
                  : tape_.close_connection(connection_id, closed_ns, end, detail);
  }
  Result<void> note_gap(const port::Gap& gap) override {
    return dies() ? Result<void>(death()) : tape_.note_gap(gap);
  }
  Result<void> note_exchange(const port::Exchange& exchange) override {
    return dies() ? Result<void>(death()) : tape_.note_exchange(exchange);
  }
  Result<void> commit_if_due(std::int64_t now_ns) override {
    return dies() ? Result<void>(death()) : tape_.commit_if_due(now_ns);
  }
  Result<void> finish() override {
    if (dies()) {
      return death();
    }
    log_.has_begun_to_finish = true;
    return tape_.finish();
  }

  [[nodiscard]] bool has_died() const { return has_died_; }

 private:
  bool dies() {
    if (!has_died_ && fatal_call_ && ++calls_ == *fatal_call_) {
      has_died_ = true;
      if (is_killed_) {
        // What the writer does when it is destroyed, a dead process does not.
        disk_.fail_at(1, Fault::disk_error, true);
      }
    }
    return has_died_;
  }
  static Failure death() { return fail_io("the process was killed"); }

  schema::TapeWriter& tape_;
  FaultyDisk& disk_;
  std::optional<std::uint64_t> fatal_call_;
  bool is_killed_ = false;
  port::Clock& clock_;
  ProcessLog& log_;
  std::uint64_t calls_ = 0;
  bool has_died_ = false;
};

/// Where processes record, one after the other.
struct World {
  explicit World(const Plan& plan_, std::string path_)
      : plan(plan_), path(std::move(path_)), network(plan_, clock) {
    disk.skip_syncs();
    if (plan.slow_disk_ns > 0) {
      disk.slow_syncs([this, random = Random(plan.seed)]() mutable {
        // What opening a tape takes lies before the tape's first moment.
        const std::int64_t takes_ns = random.between(0, plan.slow_disk_ns);
        clock.wait_until(clock.now_ns() + (is_recording ? takes_ns : 0));
      });
    }
  }

  const Plan& plan;
  std::string path;
  port::VirtualClock clock;
  FaultyDisk disk;
  SimulatedNetwork network;
  bool is_recording = false;  ///< a tape is open
};

schema::TapeWriterOptions tape_options(const Plan& plan, bool is_new, std::int64_t wall_now_ns) {
  schema::TapeWriterOptions options;
  options.existing = is_new ? schema::Existing::refuse : schema::Existing::append;
  options.durability = plan.is_durable() ? schema::Durability::full : schema::Durability::normal;
  options.wall_now_ns = wall_now_ns;
  options.commit_frames_max = plan.commit_frames_max;
  options.commit_ns_max = plan.commit_ns_max;
  return options;
}

/// Lets the disk fail as the mishap says.
void arm(const std::optional<Mishap>& mishap, FaultyDisk& disk) {
  if (mishap && mishap->kind == Mishap::Kind::disk_full) {
    disk.fail_at(mishap->number, Fault::disk_full, true);
  } else if (mishap && mishap->kind == Mishap::Kind::disk_error) {
    disk.fail_at(mishap->number, Fault::disk_error, false);
  } else if (mishap && mishap->kind == Mishap::Kind::power_cut) {
    disk.remember_unsynced();
    disk.fail_at(mishap->number, Fault::disk_error, true);
  }
}

/// Runs one recording process.
Result<ProcessLog> run_process(World& world, const std::optional<Mishap>& mishap) {
  ProcessLog log;
  log.first_connection = world.network.log().size();
  log.first_attempt = world.network.attempts().size();
  log.begin_ns = world.clock.now_ns();
  const bool is_new = !std::filesystem::exists(world.path);
  const auto wall_now_ns = [&world] { return sim::epoch_ns + world.clock.now_ns(); };
  arm(mishap, world.disk);
  std::unique_ptr<schema::TapeWriter> tape;
  std::optional<MortalSink> sink;
  recorder::SessionPorts ports{
      .source = world.network,
      .clock = world.clock,
      .open_sink = [&]() -> Result<port::RecordingSink*> {
        log.open_ns = world.clock.now_ns();
        auto opened =
            schema::TapeWriter::open(world.path, tape_options(world.plan, is_new, wall_now_ns()));
        if (!opened) {
          return fail(opened.error());
        }
        tape = std::move(*opened);
        log.has_tape = true;
        world.is_recording = true;
        log.frames_before = tape->committed_seq();
        log.tape_minus_clock_ns = tape->session_start_ns() - world.clock.now_ns();
        sink.emplace(*tape, world.disk, mishap, world.clock, log);
        return &*sink;
      },
      .wall_now_ns = wall_now_ns,
      .stop_requested =
          [&] {
            return world.plan.stop_ns && world.clock.now_ns() >= log.begin_ns + *world.plan.stop_ns;
          },
      .on_progress = nullptr};
  recorder::Session session(std::move(ports), {.duration_ns = world.plan.duration_ns,
                                               .frames_max = world.plan.frames_max,
                                               .stall_ns = world.plan.stall_ns,
                                               .reconnects = {.seed = world.plan.seed}});
  const auto summary = session.run();
  log.end_ns = world.clock.now_ns();
  log.end_connection = world.network.log().size();
  log.end_attempt = world.network.attempts().size();
  log.committed_seq = tape ? tape->committed_seq() : 0;
  if (world.plan.mutant == Mutant::early_acknowledgement) {
    log.committed_seq = log.frames_before + log.accepted_ns.size();
  }
  const bool disk_has_failed =
      mishap && mishap->kind != Mishap::Kind::killed && world.disk.operations() >= mishap->number;
  const bool node_was_away = log.end_connection == log.first_connection;
  if (summary) {
    log.summary = *summary;
  } else if (!disk_has_failed && !node_was_away && !(sink && sink->has_died())) {
    return fail(summary.error());
  }
  tape.reset();
  world.is_recording = false;
  const bool is_dark = mishap && mishap->kind == Mishap::Kind::power_cut &&
                       world.disk.operations() >= mishap->number;
  world.disk.heal();
  if (is_dark) {
    world.disk.lose_unsynced(world.plan.seed + mishap->number);
  }
  log.left_a_file = is_new && !log.has_tape && std::filesystem::exists(world.path);
  return log;
}

constexpr state::ReducerOptions reducer_options{.signals = true, .digest = true};

state::Join join_as(const std::string& self) {
  state::Join join;
  join.self = self;
  return join;
}

class StateSink final : public replayer::PacedSink {
 public:
  StateSink(port::Clock& clock, const std::string& self, Mutant mutant, Replayed& replayed)
      : clock_(clock),
        mutant_(mutant),
        reducer_(join_as(self), reducer_options),
        replayed_(replayed) {
    reducer_.begin();
  }

  Result<void> accept(const port::Frame& frame) override {
    replayed_.deliveries.push_back(
        {clock_.now_ns(), frame.seq, frame.connection_id, frame.recv_ns});
    replayed_.bytes += frame.raw;
    if (frame.connection_id != connection_id_) {
      if (connection_id_ != 0) {
        reducer_.reconnect(frame.connection_id);
      }
      connection_id_ = frame.connection_id;
    }
    reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
    while (const auto event = reader_.next()) {
      const bool is_wrong = mutant_ == Mutant::rate_in_digest;
      reducer_.apply(*event, sim::epoch_ns + (is_wrong ? clock_.now_ns() : frame.recv_ns));
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
  port::Clock& clock_;
  Mutant mutant_;
  event::WireReader reader_;
  state::Reducer reducer_;
  std::uint32_t connection_id_ = 0;
  Replayed& replayed_;
};

/// Derives from the frame behind the last one of `derivation` on; up to `last_seq`, or the next
/// frame behind which a snapshot can be taken, which it gives, or to the end.
Result<std::optional<std::string>> derive(const std::string& path, state::Derivation& derivation,
                                          std::uint64_t last_seq) {
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  for (const OwnedFrame& frame : frames_of(**tape, {.first_seq = derivation.place().seq + 1})) {
    derivation.push({frame.seq, frame.connection_id, frame.recv_ns}, sim::epoch_ns + frame.recv_ns,
                    frame.raw);
    while (derivation.next()) {
    }
    if (frame.seq >= last_seq) {
      if (auto snapshot = state::snapshot_of(derivation)) {
        return snapshot;
      }
    }
  }
  derivation.finish();
  while (derivation.next()) {
  }
  return std::optional<std::string>();
}

}  // namespace

Result<Recorded> record(const Plan& plan, const std::string& path) {
  World world(plan, path);
  Recorded recorded;
  recorded.self = world.network.self();
  for (std::size_t at = 0; at <= plan.mishaps.size(); ++at) {
    const bool is_last = at == plan.mishaps.size();
    const auto process =
        run_process(world, is_last ? std::nullopt : std::optional(plan.mishaps[at]));
    if (!process) {
      return fail(process.error());
    }
    recorded.processes.push_back(*process);
    if (process->summary || is_last) {
      break;
    }
    world.clock.wait_until(world.clock.now_ns() + plan.mishaps[at].pause_ns);
  }
  recorded.connections = world.network.log();
  recorded.attempts = world.network.attempts();
  return recorded;
}

Result<Replayed> replay(const std::string& path, const std::string& self,
                        const replayer::TimelineOptions& options, std::int64_t start_ns,
                        Mutant mutant) {
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
  StateSink sink(clock, self, mutant, replayed);
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

Result<std::string> derive_in_two(const std::string& path, const std::string& self,
                                  std::uint64_t seq) {
  auto derivation = std::make_unique<state::Derivation>(join_as(self), reducer_options);
  auto snapshot = derive(path, *derivation, seq);
  if (snapshot && *snapshot) {
    auto other = state::derivation_from(**snapshot, join_as(self), reducer_options);
    if (!other) {
      return fail(other.error());
    }
    derivation = *std::move(other);
    snapshot = derive(path, *derivation, std::numeric_limits<std::uint64_t>::max());
  }
  if (!snapshot) {
    return fail(snapshot.error());
  }
  return derivation->reducer().digest().to_string();
}

}  // namespace tapedeck::test
