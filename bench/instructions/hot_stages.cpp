// Runs one hot stage over the first events of a fixed corpus, for callgrind to count.
//
//   hot_stages STAGE EVENTS
//
// Whatever EVENTS is, the corpus that is made first is the same: the difference of two runs is what
// the stage itself takes for the difference of their events.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "bench/sse/stream_corpus.hpp"
#include "core/base/check.hpp"
#include "core/event/decoder.hpp"
#include "core/sim/sim_source.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/sse/message_parser.hpp"
#include "core/state/derivation.hpp"

namespace tapedeck::bench {
namespace {

constexpr std::size_t events_max = 4000;
constexpr std::size_t feed_bytes = std::size_t{64} * 1024;

struct Event {
  std::string raw;
  std::string data;
};

/// The events of a stream, each with its block.
std::vector<Event> events_of(std::string_view bytes) {
  std::vector<Event> events;
  sse::FrameSplitter splitter;
  splitter.push(bytes);
  for (auto block = splitter.next(); block && events.size() < events_max; block = splitter.next()) {
    sse::MessageParser parser;
    parser.push(block->raw);
    const auto parsed = parser.next();
    events.push_back({std::string(block->raw), std::string(parsed->message.data)});
  }
  check(events.size() == events_max, "the corpus has enough events");
  return events;
}

std::vector<Event> meeting() {
  sim::SimSource source({.seed = 6, .participants = 200});
  std::vector<Event> events;
  while (events.size() < events_max) {
    const auto frame = source.next();
    check(frame && *frame, "the conference goes on");
    events.push_back({std::string((*frame)->raw), {}});
  }
  return events;
}

template <class Machine>
std::size_t feed(std::string_view bytes, Machine machine) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < bytes.size(); i += feed_bytes) {
    machine.push(bytes.substr(i, feed_bytes));
    while (machine.next()) {
      ++found;
    }
  }
  return found;
}

std::size_t decode(const std::vector<Event>& events, std::size_t count) {
  event::Decoder decoder;
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count),
                    [&](const Event& event) { return decoder.decode(event.data).ok(); }));
}

std::size_t derive(const std::vector<Event>& events, std::size_t count, bool only_changes) {
  state::Derivation derivation({}, {.signals = false, .only_changes = only_changes});
  std::size_t frames = 0;
  for (; frames < count; ++frames) {
    derivation.push({frames + 1, 1, 0}, 0, events[frames].raw);
    while (derivation.next()) {
    }
  }
  return frames;
}

std::size_t run(std::string_view stage, std::size_t count) {
  if (stage == "state" || stage == "changes") {
    return derive(meeting(), count, stage == "changes");
  }
  const StreamCorpus corpus = participant_corpus(events_max * 1200);
  const std::vector<Event> events = events_of(corpus.bytes);
  std::string bytes;
  bytes.reserve(corpus.bytes.size());
  for (std::size_t i = 0; i < count; ++i) {
    bytes += events[i].raw;
  }
  if (stage == "split") {
    return feed(bytes, sse::FrameSplitter());
  }
  if (stage == "parse") {
    return feed(bytes, sse::MessageParser());
  }
  check(stage == "decode", "the stages are split, parse, decode, state and changes");
  return decode(events, count);
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck;
  check(argc == 3, "usage: hot_stages STAGE EVENTS");
  const std::string_view number = argv[2];
  std::size_t count = 0;
  std::from_chars(number.data(), number.data() + number.size(), count);
  check(count > 0 && count <= bench::events_max, "EVENTS is a number from 1 to 4000");
  check(bench::run(argv[1], count) == count, "every event is found");
}
