// JSON payloads to values that can be asked for every field, beside what other libraries make of
// them, and beside the limits: simdjson's stage 1 alone and its DOM parse alone.
//
//   bench_decode [--corpus_mib=16] [--benchmark_...]
//
// The payloads are those of bench_sse. Each subject counts the fields of every object, which has to
// come to the same, before it is timed. A library that is not installed is left out.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/json.hpp>
#include <simdjson.h>
#ifdef TAPEDECK_NLOHMANN
#include <nlohmann/json.hpp>
#endif
#ifdef TAPEDECK_RAPIDJSON
#include <rapidjson/document.h>
#endif

#include "bench/sse/stream_corpus.hpp"
#include "bench/support/arguments.hpp"
#include "core/base/check.hpp"
#include "core/event/decoder.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::bench {
namespace {

/// Payloads, each with the room after it that simdjson reads into.
struct Payloads {
  std::string bytes;
  std::vector<std::string_view> texts;
  std::size_t size = 0;
};

Payloads payloads_of(const StreamCorpus& corpus) {
  Payloads payloads;
  payloads.bytes.reserve(corpus.bytes.size() + simdjson::SIMDJSON_PADDING);
  sse::MessageParser parser;
  parser.push(corpus.bytes);
  while (const auto parsed = parser.next()) {
    const std::string_view data = parsed->message.data;
    payloads.texts.emplace_back(payloads.bytes.data() + payloads.bytes.size(), data.size());
    payloads.bytes += data;
    payloads.size += data.size();
  }
  payloads.bytes.append(simdjson::SIMDJSON_PADDING, ' ');
  return payloads;
}

/// The number of fields of an object, or of elements of an array.
using Count = std::function<std::size_t(std::string_view)>;

Count by_tapedeck() {
  return [decoder = std::make_shared<event::Decoder>()](std::string_view text) {
    const event::Value value = decoder->decode(text).value;
    return value.items().size() + value.members().size();
  };
}

Count by_simdjson_dom() {
  return [parser = std::make_shared<simdjson::dom::parser>()](std::string_view text) {
    const simdjson::dom::element value = parser->parse(text.data(), text.size(), false);
    return value.is_object() ? value.get_object().size() : value.get_array().size();
  };
}

/// Finds where tokens begin and nothing else: their number is not that of fields.
Count by_simdjson_stage_1() {
  return [parser = std::make_shared<simdjson::dom::parser>()](std::string_view text) {
    if (parser->capacity() < text.size()) {
      check(parser->allocate(text.size() * 2) == simdjson::SUCCESS, "there is memory");
    }
    const auto* const data = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto error =
        parser->implementation->stage1(data, text.size(), simdjson::stage1_mode::regular);
    check(error == simdjson::SUCCESS, "stage 1 accepts it");
    return std::size_t{parser->implementation->n_structural_indexes};
  };
}

Count by_boost_json() {
  return [](std::string_view text) {
    const boost::json::value value = boost::json::parse({text.data(), text.size()});
    return value.is_object() ? value.get_object().size() : value.get_array().size();
  };
}

#ifdef TAPEDECK_NLOHMANN
Count by_nlohmann() {
  return [](std::string_view text) { return nlohmann::json::parse(text).size(); };
}
#endif

#ifdef TAPEDECK_RAPIDJSON
Count by_rapidjson() {
  return [](std::string_view text) -> std::size_t {
    rapidjson::Document value;
    value.Parse(text.data(), text.size());
    return value.IsObject() ? value.MemberCount() : value.Size();
  };
}
#endif

std::size_t count_all(const Payloads& payloads, const Count& count) {
  std::size_t fields = 0;
  for (const std::string_view text : payloads.texts) {
    fields += count(text);
  }
  return fields;
}

void add(const std::string& name, const Payloads& payloads, Count count) {
  const std::size_t fields = count_all(payloads, count);
  benchmark::RegisterBenchmark(("decode/" + name).c_str(), [=, &payloads](benchmark::State& state) {
    for (auto _ : state) {
      check(count_all(payloads, count) == fields, "the same fields each time");
    }
    const auto runs = static_cast<std::int64_t>(state.iterations());
    state.SetBytesProcessed(runs * static_cast<std::int64_t>(payloads.size));
    state.SetItemsProcessed(runs * static_cast<std::int64_t>(payloads.texts.size()));
  })->Unit(benchmark::kMillisecond);
}

void add_benchmarks(const Payloads& payloads) {
  std::vector<std::pair<std::string, Count>> subjects{{"tapedeck", by_tapedeck()},
                                                      {"simdjson_dom", by_simdjson_dom()},
                                                      {"boost_json", by_boost_json()}};
#ifdef TAPEDECK_NLOHMANN
  subjects.emplace_back("nlohmann", by_nlohmann());
#endif
#ifdef TAPEDECK_RAPIDJSON
  subjects.emplace_back("rapidjson", by_rapidjson());
#endif
  const std::size_t fields = count_all(payloads, subjects.front().second);
  for (const auto& [name, count] : subjects) {
    check(count_all(payloads, count) == fields, "every subject finds the same fields");
    add(name, payloads, count);
  }
  add("simdjson_stage_1", payloads, by_simdjson_stage_1());
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 16);
  const Payloads payloads = payloads_of(participant_corpus(given.corpus_mib << 20U));
  return run_benchmarks(argc, argv, [&] { add_benchmarks(payloads); });
}
