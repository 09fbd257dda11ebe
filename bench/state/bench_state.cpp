// Payloads to the state of a conference, beside simdjson's DOM parse alone and its stage 1 alone of
// the same payloads: the plain path, which decodes every payload, and the one that decodes only
// what has changed.
//
//   bench_state [--corpus_mib=64] [--benchmark_...]
//
// Both paths come to the same state and the same outcomes before they are timed.
#include <cstdint>
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
#include "core/state/reducer.hpp"
#include "core/state/state_json.hpp"

namespace tapedeck::bench {
namespace {

event::WireEvent event_of(const PayloadCorpus::Payload& payload, std::uint64_t seq) {
  event::WireEvent event;
  event.kind = payload.kind;
  event.name = event::name_of(payload.kind);
  event.data = payload.text;
  event.payload = event::Payload::undecoded;
  event.seq = seq;
  return event;
}

template <class Apply>
void apply_all(const PayloadCorpus& corpus, Apply apply) {
  std::uint64_t seq = 0;
  for (const PayloadCorpus::Payload& payload : corpus.payloads) {
    event::WireEvent event = event_of(payload, ++seq);
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

state::Reducer fresh_reducer(bool only_changes, bool digest = false) {
  return state::Reducer({}, {.signals = false, .digest = digest, .only_changes = only_changes});
}

std::string state_of(const state::Reducer& reducer) {
  std::string text = reducer.digest().to_string();
  append_state_json(text, reducer);
  return text;
}

/// Both paths come to the same.
void check_answers(const PayloadCorpus& corpus) {
  state::Reducer plain = fresh_reducer(false, true);
  state::Reducer changes = fresh_reducer(true, true);
  reduce_plainly(corpus, plain);
  check(reduce_changes(corpus, changes) < corpus.payloads.size(), "some are not decoded whole");
  check(state_of(plain) == state_of(changes), "both paths come to the same state");
  check(plain.state().main().participants.size() > 0, "there is a state");
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

void add(const std::string& name, const PayloadCorpus& corpus, const std::function<void()>& run) {
  benchmark::RegisterBenchmark(name.c_str(), [&corpus, run](benchmark::State& state) {
    for (auto _ : state) {
      run();
    }
    const auto runs = static_cast<std::int64_t>(state.iterations());
    state.SetBytesProcessed(runs * static_cast<std::int64_t>(corpus.size));
    state.SetItemsProcessed(runs * static_cast<std::int64_t>(corpus.payloads.size()));
  })->Unit(benchmark::kMillisecond);
}

void add_benchmarks(const std::string& name, const PayloadCorpus& corpus) {
  const auto parser = std::make_shared<simdjson::dom::parser>();
  check(parser->allocate(std::size_t{1} << 20U) == simdjson::SUCCESS, "there is memory");
  check_answers(corpus);
  add(name + "/plain", corpus, [&] {
    state::Reducer reducer = fresh_reducer(false);
    reduce_plainly(corpus, reducer);
  });
  add(name + "/changes", corpus, [&] {
    state::Reducer reducer = fresh_reducer(true);
    reduce_changes(corpus, reducer);
  });
  add(name + "/simdjson_dom", corpus, [&corpus, parser] { parse_all(corpus, *parser); });
  add(name + "/simdjson_stage_1", corpus, [&corpus, parser] { find_tokens(corpus, *parser); });
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 64);
  const PayloadCorpus updates = update_corpus(given.corpus_mib << 20U);
  const PayloadCorpus meeting = meeting_corpus(given.corpus_mib << 20U);
  return run_benchmarks(argc, argv, [&] {
    add_benchmarks("updates", updates);
    add_benchmarks("meeting", meeting);
  });
}
