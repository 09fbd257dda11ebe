// `tapedeck verify` of one tape beside what it cannot do without: reading the frames, and reducing
// them to a state.
//
//   bench_verify [--corpus_mib=256] [--folder=PATH] [--benchmark_...]
//
// A simulated meeting of 500 people. Each subject has the same frames, and verify the verdict that
// the tape is whole.
#include <cstdint>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/support/arguments.hpp"
#include "cli/tape_check.hpp"
#include "core/base/check.hpp"
#include "core/sim/sim_source.hpp"
#include "core/state/derivation.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::bench {
namespace {

struct Tape {
  std::string path;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};

Tape make_tape(std::string path, std::uint64_t size) {
  Tape tape{std::move(path)};
  auto writer = schema::TapeWriter::open(tape.path, {.durability = schema::Durability::normal});
  check(writer.has_value(), "the tape opens");
  port::RecordingSink& sink = **writer;
  const auto id = sink.open_connection({});
  sim::SimSource source({.seed = 6, .participants = 500, .breakouts = 0});
  std::int64_t now_ns = 0;
  while (tape.bytes < size) {
    const auto frame = source.next();
    check(frame && *frame, "the meeting goes on");
    tape.bytes += (*frame)->raw.size();
    ++tape.frames;
    now_ns = (*frame)->recv_ns;
    check(sink.note_read(*id, tape.bytes, now_ns).has_value() &&
              sink.accept({0, *id, now_ns, true, (*frame)->raw}).has_value(),
          "the frame is accepted");
  }
  check(writer->get()->set("self", source.self()).has_value(), "the tape knows who joined");
  check(sink.close_connection(*id, now_ns, port::ConnectionEnd::stopped, "").has_value() &&
            sink.finish().has_value(),
        "the tape is closed");
  return tape;
}

template <class Visit>
void for_each_frame(const Tape& tape, Visit visit) {
  const auto reader = schema::TapeReader::open(tape.path);
  check(reader.has_value(), "the tape opens");
  const auto frames = (*reader)->frames();
  std::uint64_t count = 0;
  for (auto frame = (*frames)->next(); frame && *frame; frame = (*frames)->next(), ++count) {
    visit(**frame);
  }
  check(count == tape.frames, "every frame is read");
}

void read(const Tape& tape) {
  std::uint64_t bytes = 0;
  for_each_frame(tape, [&](const port::Frame& frame) { bytes += frame.raw.size(); });
  check(bytes == tape.bytes, "every byte is read");
}

void reduce(const Tape& tape) {
  state::Derivation derivation({}, {.signals = false, .only_changes = true});
  for_each_frame(tape, [&](const port::Frame& frame) {
    derivation.push({frame.seq, frame.connection_id, frame.recv_ns}, 0, frame.raw);
    while (derivation.next()) {
    }
  });
  derivation.finish();
  while (derivation.next()) {
  }
}

void verify(const Tape& tape, bool alone) {
  cli::CheckOptions options;
  options.alone = alone;
  options.join = [](const schema::TapeReader&) { return state::Join{}; };
  const cli::TapeVerdict verdict = cli::check_tape(tape.path, options);
  check(verdict.passed() && verdict.frames == tape.frames && verdict.bytes == tape.bytes,
        "the tape is whole");
}

void add_benchmarks(const Tape& tape) {
  const auto add = [&](const char* name, auto run) {
    benchmark::RegisterBenchmark(
        name,
        [&tape, run](benchmark::State& state) {
          for (auto _ : state) {
            run(tape);
          }
          const auto runs = static_cast<std::int64_t>(state.iterations());
          state.SetBytesProcessed(runs * static_cast<std::int64_t>(tape.bytes));
          state.SetItemsProcessed(runs * static_cast<std::int64_t>(tape.frames));
        })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  };
  add("verify/read", read);
  add("verify/reduce", reduce);
  add("verify/tape", [](const Tape& all) { verify(all, true); });
  add("verify/tape_one_core", [](const Tape& all) { verify(all, false); });
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 256);
  const ScratchFolder folder(given.folder);
  const Tape tape = make_tape(folder.path() + "/meeting.tape", given.corpus_mib << 20U);
  return run_benchmarks(argc, argv, [&] { add_benchmarks(tape); });
}
