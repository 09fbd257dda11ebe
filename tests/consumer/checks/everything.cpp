// Uses something of each library that has to be linked with others.
#include <cstdlib>
#include <iostream>

#include <tapedeck/core/event/json_schema.hpp>
#include <tapedeck/core/sim/sim_source.hpp>
#include <tapedeck/core/verdict/examination.hpp>
#include <tapedeck/schema/tape_reader.hpp>
#include <tapedeck/testing/playback.hpp>

int main() {
  using namespace tapedeck;
  sim::SimSource source({.seed = 3, .participants = 4, .duration_ns = 30 * ns_per_s});
  const auto tape = testing::Tape::take(source, "a simulated conference");
  if (!tape) {
    std::cout << tape.error().message << "\n";
    return EXIT_FAILURE;
  }
  testing::Playback playback(*tape);
  verdict::Examination examination(tape->join(), verdict::RuleSet());
  playback.on_frame([&](const port::Frame& frame) { examination.frame(frame, frame.recv_ns); });
  playback.play_to_end();
  examination.finish();

  const bool refused = !schema::TapeReader::open("missing.tape");
  const bool has_schema = !event::json_schema({}).empty();
  std::cout << playback.events().size() << " events, "
            << examination.findings().count(verdict::Severity::error) << " errors\n";
  return refused && has_schema && !playback.events().empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
