// Deterministic simulation: each seed is a conference, a network, a recorder that may die, and
// replays. Prints what did not hold, with the command that shows it again.
//
// Usage: simulation [--seed N | --seeds FIRST-LAST] [--verbose]
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/sim/checks.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::test {
namespace {

Faults simulate(const Plan& plan) {
  Faults faults;
  const TemporaryFolder folder;
  const auto recorded = record(plan, folder.path("a.tape"));
  const auto again = record(plan, folder.path("b.tape"));
  if (!recorded || !again) {
    return {"recording: " + (!recorded ? recorded : again).error().message};
  }
  const auto tape = schema::TapeReader::open(folder.path("a.tape"));
  const auto other = schema::TapeReader::open(folder.path("b.tape"));
  if (!tape || !other) {
    return {"opening: " + (!tape ? tape : other).error().message};
  }
  check_tape(plan, *recorded, **tape, faults);
  check_same(**tape, **other, faults);
  if (plan.network.is_plain()) {
    check_stream(*recorded, **tape, faults);
  }
  std::optional<Replayed> first;
  for (const replayer::TimelineOptions& options : plan.replays) {
    const auto start_ns = static_cast<std::int64_t>(plan.seed % 1000);
    const auto replayed = replay(folder.path("a.tape"), recorded->self, options, start_ns);
    if (!replayed) {
      faults.push_back("replaying: " + replayed.error().message);
      continue;
    }
    if (!first) {
      first = *replayed;
    }
    check_replay(**tape, options, start_ns, *replayed, *first, faults);
  }
  return faults;
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
    } else {
      good = false;
    }
  }
  if (!good || last < first) {
    std::fprintf(stderr, "usage: %s [--seed N | --seeds FIRST-LAST] [--verbose]\n", argv[0]);
    return 2;
  }
  std::uint64_t failed = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Plan plan = make_plan(seed);
    if (verbose) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  plan.to_string().c_str());
    }
    const Faults faults = simulate(plan);
    if (faults.empty()) {
      continue;
    }
    ++failed;
    std::printf("seed %llu failed: %s\n", static_cast<unsigned long long>(seed),
                plan.to_string().c_str());
    for (const std::string& fault : faults) {
      std::printf("  %s\n", fault.c_str());
    }
    std::printf("  again: %s --seed %llu\n", argv[0], static_cast<unsigned long long>(seed));
  }
  std::printf("%llu seeds, %llu failed\n", static_cast<unsigned long long>(last - first + 1),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tapedeck::test

int main(int argc, char** argv) {
  return tapedeck::test::run(argc, argv);
}
