// How cost grows: `tapedeck verify` over the frames of a tape and over the tapes of a folder, with
// its memory, a seek over the frames of a tape with checkpoints, and the state over the people in a
// meeting.
//
//   bench_scale [--corpus_mib=1024] [--folder=PATH] [--benchmark_...]
//
// Below 1024 MiB the largest sizes are left out. The command is the one beside the folder of this
// program.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support/arguments.hpp"
#include "cli/tape_indexing.hpp"
#include "cli/tape_state.hpp"
#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/base/units.hpp"
#include "core/sim/sim_source.hpp"
#include "core/state/derivation.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t join_frames = 40;  // of the simulated conference, before what repeats

std::string command() {
  return (fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "tapedeck").string();
}

struct Usage {
  double seconds = 0;
  double max_rss_kib = 0;
};

/// Runs `tapedeck verify PATH` and checks that it finds nothing wrong.
Usage verify(const std::string& path) {
  const std::string program = command();
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  check(child >= 0, "a process is made");
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execl(program.c_str(), program.c_str(), "verify", path.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  check(::wait4(child, &status, 0, &used) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
        "tapedeck verify passes");
  const auto end = std::chrono::steady_clock::now();
  return {std::chrono::duration<double>(end - begin).count(), static_cast<double>(used.ru_maxrss)};
}

/// A tape whose conference has settled: after the join the stage says again and again who speaks.
void write_tape(const std::string& path, std::uint64_t frames) {
  auto writer = schema::TapeWriter::open(path, {.durability = schema::Durability::normal});
  check(writer.has_value(), "the tape opens");
  port::RecordingSink& sink = **writer;
  const auto id = sink.open_connection({});
  sim::SimSource source({.seed = 6, .participants = 3, .breakouts = 0});
  std::uint64_t bytes = 0;
  std::int64_t now_ns = 0;
  std::string raw;
  for (std::uint64_t seq = 1; seq <= frames; ++seq) {
    if (seq <= join_frames) {
      const auto frame = source.next();
      raw = (*frame)->raw;
      now_ns = (*frame)->recv_ns;
    } else {
      raw = "event: stage\ndata: [{\"participant_uuid\":\"" + source.self() +
            "\",\"stage_index\":0,\"vad\":" + std::to_string(seq % 2 * 100) + "}]\n\n";
      now_ns += ns_per_s / 100;
    }
    bytes += raw.size();
    check(sink.note_read(*id, bytes, now_ns).has_value() &&
              sink.accept({0, *id, now_ns, true, raw}).has_value(),
          "the frame is accepted");
  }
  check(sink.close_connection(*id, now_ns, port::ConnectionEnd::stopped, "").has_value() &&
            sink.finish().has_value(),
        "the tape is closed");
}

void run_verify(benchmark::State& state, const std::string& path) {
  double max_rss_kib = 0;
  for (auto _ : state) {
    const Usage usage = verify(path);
    state.SetIterationTime(usage.seconds);
    max_rss_kib = std::max(max_rss_kib, usage.max_rss_kib);
  }
  state.counters["max_rss_kib"] = max_rss_kib;
}

/// All frames of a tape of `frames`.
void run_frames(benchmark::State& state, const std::string& folder, std::uint64_t frames) {
  const std::string path = folder + "/frames.tape";
  write_tape(path, frames);
  run_verify(state, path);
  fs::remove(path);
}

/// A folder of `tapes` equal tapes.
void run_folder(benchmark::State& state, const std::string& folder, std::uint64_t tapes) {
  const ScratchFolder many(folder);
  write_tape(many.path() + "/1.tape", 200);
  for (std::uint64_t i = 2; i <= tapes; ++i) {
    fs::copy_file(many.path() + "/1.tape", many.path() + '/' + std::to_string(i) + ".tape");
  }
  run_verify(state, many.path());
}

/// What a client is told that begins anywhere on a tape of `frames` with checkpoints.
void run_seek(benchmark::State& state, const std::string& folder, std::uint64_t frames) {
  const std::string path = folder + "/seek.tape";
  write_tape(path, frames);
  check(cli::index_tape(path, {}).has_value(), "the tape is indexed");
  const auto tape = schema::TapeReader::open(path).value();
  Random random(7);
  std::uint64_t derived = 0;
  for (auto _ : state) {
    const std::uint64_t seq = join_frames + 1 + random.below(frames - join_frames);
    cli::TapeState there(*tape);
    const auto blocks = there.blocks_after(seq).value();
    const std::string vad = "\"vad\":" + std::to_string(seq % 2 * 100) + '}';
    check(std::ranges::any_of(blocks,
                              [&](const std::string& block) {
                                return block.starts_with("event: stage\n") &&
                                       block.find(vad) != std::string::npos;
                              }),
          "the stage is the one of that frame");
    derived += there.frames_derived();
  }
  state.counters["frames_derived"] =
      benchmark::Counter(static_cast<double>(derived), benchmark::Counter::kAvgIterations);
  fs::remove(path);
}

std::string participant(std::uint64_t number, std::uint64_t change) {
  std::string digits = std::to_string(100'000'000'000 + number);
  return "data: {\"uuid\":\"00000000-0000-4000-8000-" + digits + "\",\"api_url\":\"/participants/" +
         digits + "\",\"display_name\":\"P " + std::to_string(change) +
         "\",\"overlay_text\":\"P\",\"role\":\"guest\",\"has_media\":true,\"is_muted\":\"NO\"}\n\n";
}

/// So many people join, and each is changed once.
void run_roster(benchmark::State& state, std::uint64_t people) {
  std::vector<std::string> frames{"event: participant_sync_begin\ndata: null\n\n"};
  for (std::uint64_t i = 0; i < people; ++i) {
    frames.push_back("event: participant_create\n" + participant(i, 0));
  }
  frames.emplace_back("event: participant_sync_end\ndata: null\n\n");
  for (std::uint64_t i = 0; i < people; ++i) {
    frames.push_back("event: participant_update\n" + participant(i, 1));
  }
  for (auto _ : state) {
    state::Derivation derivation({}, {.signals = false});
    std::uint64_t seq = 0;
    std::uint64_t events = 0;
    for (const std::string& raw : frames) {
      derivation.push({++seq, 1, 0}, 0, raw);
      while (const auto step = derivation.next()) {
        events += step->event == nullptr ? 0 : 1;
      }
    }
    check(events == frames.size(), "every event is reduced");
  }
}

void add_benchmarks(const std::string& folder, bool all) {
  const auto add = [](const std::string& what, std::uint64_t n, auto run) {
    return benchmark::RegisterBenchmark(("scale/" + what + '/' + std::to_string(n)).c_str(),
                                        [=](benchmark::State& state) { run(state, n); })
        ->Unit(benchmark::kMillisecond);
  };
  std::vector<std::uint64_t> lengths{1'000, 10'000, 100'000};
  std::vector<std::uint64_t> folders{1, 10, 100};
  if (all) {
    lengths.insert(lengths.end(), {1'000'000, 10'000'000});
    folders.push_back(1'000);
  }
  for (const std::uint64_t frames : lengths) {
    auto* const one = add("frames", frames, [=](benchmark::State& state, std::uint64_t n) {
      run_frames(state, folder, n);
    });
    // What takes minutes is long enough to be measured once.
    one->UseManualTime()->Iterations(1)->Repetitions(frames < 1'000'000 ? 3 : 1);
  }
  for (const std::uint64_t frames : lengths) {
    auto* const one = add("seek", frames, [=](benchmark::State& state, std::uint64_t n) {
      run_seek(state, folder, n);
    });
    one->Iterations(300)->Repetitions(frames < 1'000'000 ? 3 : 1);
  }
  for (const std::uint64_t tapes : folders) {
    auto* const one = add("folder", tapes, [=](benchmark::State& state, std::uint64_t n) {
      run_folder(state, folder, n);
    });
    one->UseManualTime()->Iterations(1)->Repetitions(3);
  }
  for (const std::uint64_t people : {1, 10, 100, 1'000, 10'000}) {
    add("roster", people, run_roster);
  }
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 1024);
  const ScratchFolder folder(given.folder);
  return run_benchmarks(argc, argv,
                        [&] { add_benchmarks(folder.path(), given.corpus_mib >= 1024); });
}
