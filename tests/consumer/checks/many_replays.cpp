// Thousands of replays in a second: a simulated conference, played again and again to the same end.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>

#include <tapedeck/core/port/virtual_clock.hpp>
#include <tapedeck/core/sim/sim_source.hpp>
#include <tapedeck/replayer/message_reader.hpp>
#include <tapedeck/replayer/replay.hpp>
#include <tapedeck/testing/tape.hpp>

namespace {

/// A handler that looks at each message.
std::uint64_t replay(const tapedeck::testing::Tape& tape) {
  tapedeck::port::VirtualClock clock;
  tapedeck::replayer::Replay frames(tape.frames(), {}, clock);
  tapedeck::replayer::MessageReader messages;
  std::uint64_t seen = 0;
  for (const tapedeck::port::Frame& frame : frames) {
    messages.push(frame);
    while (const auto found = messages.next()) {
      seen = seen * 31 + found->message.event.size() + found->message.data.size();
    }
  }
  return seen + static_cast<std::uint64_t>(clock.now_ns());
}

}  // namespace

int main() {
  using namespace tapedeck;
  sim::SimSource source({.seed = 3, .participants = 6, .duration_ns = 60 * ns_per_s});
  const auto tape = testing::Tape::take(source, "a simulated conference");
  if (!tape) {
    std::cout << tape.error().message << "\n";
    return EXIT_FAILURE;
  }
  const std::uint64_t expected = replay(*tape);
  const auto start = std::chrono::steady_clock::now();
  constexpr int replays = 2000;
  for (int i = 0; i < replays; ++i) {
    if (replay(*tape) != expected) {
      std::cout << "replay " << i << " differs\n";
      return EXIT_FAILURE;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << replays / took.count() << " replays a second of " << tape->size() << " frames\n";
  return EXIT_SUCCESS;
}
