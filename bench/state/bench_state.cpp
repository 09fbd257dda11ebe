// Payloads to the state of a conference, beside simdjson's DOM parse alone and its stage 1 alone of
// the same payloads: the plain path, which decodes every payload, and the one that decodes only
// what has changed. And the bytes of the stream that brings them to the state, in feeds of 64 KiB.
//
//   bench_state [--corpus_mib=64] [--write_corpus=FILE] [--benchmark_...]
//
// All come to the same state before they are timed. What is written is the stream of updates, and
// beside it that of a meeting, FILE.meeting.
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "bench/state/payload_corpus.hpp"
#include "bench/support/arguments.hpp"
#include "core/base/check.hpp"
#include "core/event/wire_reader.hpp"
#include "core/state/derivation.hpp"
#include "core/state/reducer.hpp"
#include "core/state/state_json.hpp"

namespace tapedeck::bench {
namespace {

/// Of all events: a frame is what was read at once, which makes no difference to the state.
constexpr event::FramePlace place{1, 1, 1};

event::WireEvent event_of(const PayloadCorpus::Payload& payload) {
  event::WireEvent event;
  event.kind = payload.kind;
  event.name = event::name_of(payload.kind);
  event.data = payload.text;
  event.payload = event::Payload::undecoded;
  event.seq = place.seq;
  event.connection_id = place.connection_id;
  event.recv_ns = place.recv_ns;
  return event;
}

template <class Apply>
void apply_all(const PayloadCorpus& corpus, Apply apply) {
  for (const PayloadCorpus::Payload& payload : corpus.payloads) {
    event::WireEvent event = event_of(payload);
    apply(event);
  }
}

void reduce_plainly(const PayloadCorpus& corpus, state::Reducer& reducer) {
  event::Decoder decoder;
  apply_all(corpus, [&](event::WireEvent& event) {
    event::decode(decoder, event);
    reducer.apply(event, 0);
  });
}

/// How many had to be decoded whole.
std::size_t reduce_changes(const PayloadCorpus& corpus, state::Reducer& reducer) {
  event::Decoder decoder;
  std::size_t decoded = 0;
  apply_all(corpus, [&](event::WireEvent& event) {
    if (!reducer.apply_changes(event, 0)) {
      event::decode(decoder, event);
      reducer.apply(event, 0);
      ++decoded;
    }
  });
  return decoded;
}

/// Of a client that has joined.
state::Reducer fresh_reducer(bool only_changes, bool digest = false) {
  state::Reducer reducer({}, {.signals = false, .digest = digest, .only_changes = only_changes});
  reducer.begin();
  reducer.reconnect(1);
  return reducer;
}

std::string state_of(const state::Reducer& reducer) {
  std::string text = reducer.digest().to_string();
  append_state_json(text, reducer);
  return text;
}

/// From the bytes as they are read to the state.
void derive(std::string_view stream, state::Derivation& derivation) {
  constexpr std::size_t feed = std::size_t{64} * 1024;
  const auto take_steps = [&] {
    while (derivation.next()) {
    }
  };
  for (std::size_t at = 0; at < stream.size(); at += feed) {
    derivation.push(place, 0, stream.substr(at, feed));
    take_steps();
  }
  derivation.finish();
  take_steps();
}

/// All ways come to the same.
void check_answers(const PayloadCorpus& corpus, std::string_view stream) {
  state::Reducer plain = fresh_reducer(false, true);
  state::Reducer changes = fresh_reducer(true, true);
  reduce_plainly(corpus, plain);
  check(reduce_changes(corpus, changes) < corpus.payloads.size(), "some are not decoded whole");
  check(state_of(plain) == state_of(changes), "both paths come to the same state");
  check(plain.state().main().participants.size() > 0, "there is a state");
  state::Derivation derivation({}, {.signals = false, .digest = true, .only_changes = true});
  derive(stream, derivation);
  check(state_of(derivation.reducer()) == state_of(plain), "the bytes come to the same state");
}

void parse_all(const PayloadCorpus& corpus, simdjson::dom::parser& parser) {
  for (const PayloadCorpus::Payload& payload : corpus.payloads) {
    const auto parsed = parser.parse(payload.text.data(), payload.text.size(), false);
    check(parsed.error() == simdjson::SUCCESS, "simdjson takes every payload");
  }
}

void find_tokens(const PayloadCorpus& corpus, simdjson::dom::parser& parser) {
  for (const PayloadCorpus::Payload& payload : corpus.payloads) {
    const auto error =
        parser.implementation->stage1(reinterpret_cast<const std::uint8_t*>(payload.text.data()),
                                      payload.text.size(), simdjson::stage1_mode::regular);
    check(error == simdjson::SUCCESS, "stage 1 takes every payload");
  }
}

void add(const std::string& name, std::size_t bytes, std::size_t events,
         const std::function<void()>& run) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    for (auto _ : state) {
      run();
    }
    const auto runs = static_cast<std::int64_t>(state.iterations());
    state.SetBytesProcessed(runs * static_cast<std::int64_t>(bytes));
    state.SetItemsProcessed(runs * static_cast<std::int64_t>(events));
  })->Unit(benchmark::kMillisecond);
}

void add_benchmarks(const std::string& name, const PayloadCorpus& corpus,
                    const std::string& stream) {
  const auto parser = std::make_shared<simdjson::dom::parser>();
  check(parser->allocate(std::size_t{1} << 20U) == simdjson::SUCCESS, "there is memory");
  check_answers(corpus, stream);
  const auto add_payloads = [&](const char* subject, const std::function<void()>& run) {
    add(name + subject, corpus.size, corpus.payloads.size(), run);
  };
  add_payloads("/plain", [&] {
    state::Reducer reducer = fresh_reducer(false);
    reduce_plainly(corpus, reducer);
  });
  add_payloads("/changes", [&] {
    state::Reducer reducer = fresh_reducer(true);
    reduce_changes(corpus, reducer);
  });
  add_payloads("/simdjson_dom", [&corpus, parser] { parse_all(corpus, *parser); });
  add_payloads("/simdjson_stage_1", [&corpus, parser] { find_tokens(corpus, *parser); });
  add(name + "/bytes", stream.size(), corpus.payloads.size(), [&] {
    state::Derivation derivation({}, {.signals = false, .only_changes = true});
    derive(stream, derivation);
  });
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 64);
  const PayloadCorpus updates = update_corpus(given.corpus_mib << 20U);
  const PayloadCorpus meeting = meeting_corpus(given.corpus_mib << 20U);
  const std::string stream_of_updates = stream_of(updates);
  const std::string stream_of_meeting = stream_of(meeting);
  if (!given.write_corpus.empty()) {
    std::ofstream(given.write_corpus, std::ios::binary) << stream_of_updates;
    std::ofstream(given.write_corpus + ".meeting", std::ios::binary) << stream_of_meeting;
    return 0;
  }
  return run_benchmarks(argc, argv, [&] {
    add_benchmarks("updates", updates, stream_of_updates);
    add_benchmarks("meeting", meeting, stream_of_meeting);
  });
}
