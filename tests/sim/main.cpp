// Deterministic simulation: each seed is a conference, a network, recording processes that may die,
// and replays. Prints what did not hold, with the command that shows it again.
//
// Usage: simulation [--seed N | --seeds FIRST-LAST] [--minutes N] [--mutant NAME] [--verbose]
//
// With --minutes it goes on from the first seed until the time is up or a seed fails. With --mutant
// it runs with a planted bug (mutant.hpp), and is done well when a seed fails.
#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <limits>
#include <string>

#include "tests/sim/audience.hpp"
#include "tests/sim/checks.hpp"
#include "tests/sim/digest.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::test {
namespace {

struct Outcome {
  Faults faults;
  Digest digest;  ///< of the tape and of all replays
};

void add(const Replayed& replayed, Digest& digest) {
  for (const Delivery& delivery : replayed.deliveries) {
    digest.add(delivery.at_ns);
    digest.add(delivery.seq);
  }
  digest.add(replayed.bytes);
  digest.add(replayed.state_digest);
}

Outcome simulate(const Plan& plan) {
  Outcome outcome;
  Faults& faults = outcome.faults;
  const TemporaryFolder folder;
  const auto recorded = record(plan, folder.path("a.tape"));
  const auto again = record(plan, folder.path("b.tape"));
  if (!recorded || !again) {
    faults.push_back("recording: " + (!recorded ? recorded : again).error().message);
    return outcome;
  }
  check_processes(plan, *recorded, faults);
  const bool has_tape = std::any_of(recorded->processes.begin(), recorded->processes.end(),
                                    [](const ProcessLog& process) { return process.has_tape; });
  if (!has_tape) {
    return outcome;  // each process met its mishap before it had one
  }
  const auto tape = schema::TapeReader::open(folder.path("a.tape"));
  const auto other = schema::TapeReader::open(folder.path("b.tape"));
  if (!tape || !other) {
    faults.push_back("opening: " + (!tape ? tape : other).error().message);
    return outcome;
  }
  check_tape(plan, *recorded, **tape, faults);
  outcome.digest = digest_of(**tape);
  if (digest_of(**other).value() != outcome.digest.value()) {
    faults.emplace_back("two recordings of the seed differ");
  }
  std::optional<Roster> roster;
  if (plan.network.is_plain()) {
    roster = check_stream(*recorded, **tape, faults);
  }
  std::optional<Replayed> first;
  for (const ReplayPlan& replay_plan : plan.replays) {
    const auto start_ns = static_cast<std::int64_t>(plan.seed % 1000);
    const auto replayed =
        replay(folder.path("a.tape"), recorded->self, replay_plan.options, start_ns, plan.mutant);
    if (!replayed) {
      faults.push_back("replaying: " + replayed.error().message);
      continue;
    }
    add(*replayed, outcome.digest);
    if (!first) {
      first = *replayed;
    }
    check_replay(**tape, replay_plan, start_ns, *replayed, *first, faults);
    if (roster && Roster(replayed->roster.begin(), replayed->roster.end()) != *roster) {
      faults.emplace_back("the state has other people than the stream");
    }
  }
  if (first) {
    const std::uint64_t seq = (*tape)->summary().frame_count * plan.restart_percent / 100;
    const auto state_digest = derive_in_two(folder.path("a.tape"), recorded->self, seq);
    expect(state_digest && *state_digest == first->state_digest,
           "the state is another one after a restart at frame " + std::to_string(seq), faults);
  }
  check_audience(plan, **tape, faults, outcome.digest);
  return outcome;
}

/// Simulates the seed and tells what did not hold.
Outcome run_seed(std::uint64_t seed, Mutant mutant, bool verbose, const char* program) {
  Plan plan = make_plan(seed);
  plan.mutant = mutant;
  Outcome outcome = simulate(plan);
  if (verbose || !outcome.faults.empty()) {
    std::printf("seed %" PRIu64 " %s, digest %016" PRIx64 ": %s\n", seed,
                outcome.faults.empty() ? "holds" : "failed", outcome.digest.value(),
                plan.to_string().c_str());
  }
  for (const std::string& fault : outcome.faults) {
    std::printf("  %s\n", fault.c_str());
  }
  if (!outcome.faults.empty()) {
    std::printf("  again: %s --seed %" PRIu64 "\n", program, seed);
  }
  return outcome;
}

bool parse(const char*& at, std::uint64_t& number) {
  const char* const end = at + std::strlen(at);
  const auto [stop, error] = std::from_chars(at, end, number);
  at = stop;
  return error == std::errc{};
}

int run(int argc, char** argv) {
  std::uint64_t first = 0;
  std::uint64_t last = 99;
  std::uint64_t minutes = 0;
  Mutant mutant = Mutant::none;
  bool verbose = false;
  bool good = true;
  for (int i = 1; i < argc && good; ++i) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--verbose") {
      verbose = true;
    } else if (option == "--seed") {
      good = parse(value, first) && *value == '\0';
      last = first;
      ++i;
    } else if (option == "--seeds") {
      good = parse(value, first) && *value++ == '-' && parse(value, last) && *value == '\0';
      ++i;
    } else if (option == "--minutes") {
      good = parse(value, minutes) && *value == '\0';
      last = std::numeric_limits<std::uint64_t>::max();
      ++i;
    } else if (option == "--mutant") {
      good = find_mutant(value).has_value();
      mutant = find_mutant(value).value_or(Mutant::none);
      ++i;
    } else {
      good = false;
    }
  }
  if (!good || last < first) {
    std::fprintf(
        stderr,
        "usage: %s [--seed N | --seeds FIRST-LAST] [--minutes N] [--mutant NAME] [--verbose]\n",
        argv[0]);
    return 2;
  }
  std::uint64_t failed = 0;
  std::uint64_t digest_of_first = 0;
  std::uint64_t done = 0;
  const std::time_t end = std::time(nullptr) + static_cast<std::time_t>(minutes * 60);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    if (minutes != 0 && (failed != 0 || std::time(nullptr) >= end)) {
      break;
    }
    const Outcome outcome = run_seed(seed, mutant, verbose, argv[0]);
    ++done;
    failed += outcome.faults.empty() ? 0 : 1;
    if (mutant != Mutant::none && failed != 0) {
      std::printf("seed %" PRIu64 " finds the planted bug\n", seed);
      return 0;
    }
    if (seed == first) {
      digest_of_first = outcome.digest.value();
    }
  }
  if (mutant != Mutant::none) {
    std::printf("%" PRIu64 " seeds do not find the planted bug\n", done);
    return 1;
  }
  // A seed is a world of its own: nothing of the others may reach it.
  if (simulate(make_plan(first)).digest.value() != digest_of_first) {
    ++failed;
    std::printf("seed %" PRIu64 " goes another way after the others\n", first);
  }
  std::printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", done, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tapedeck::test

int main(int argc, char** argv) {
  return tapedeck::test::run(argc, argv);
}
