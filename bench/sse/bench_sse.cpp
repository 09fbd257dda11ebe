// Splitter and parser beside the limits of the machine: memchr('\n') and memcpy over the same
// bytes.
//
//   bench_sse [--corpus_mib=256] [--write_corpus=FILE] [--benchmark_...]
//
// The answer of every subject is checked before anything is timed.
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "bench/sse/stream_corpus.hpp"
#include "bench/support/arguments.hpp"
#include "core/base/check.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::bench {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;
constexpr std::size_t file_read = std::size_t{64} * 1024;
constexpr std::size_t network_read = 1448;  // the payload of one Ethernet frame

/// Calls `feed` with `bytes` in reads of `size`.
template <class Feed>
void for_reads(std::string_view bytes, std::size_t size, Feed feed) {
  for (std::size_t i = 0; i < bytes.size(); i += size) {
    feed(bytes.substr(i, size));
  }
}

template <class Found>
void parse(std::string_view bytes, std::size_t read, Found found) {
  sse::MessageParser parser;
  for_reads(bytes, read, [&](std::string_view part) {
    parser.push(part);
    while (const auto next = parser.next()) {
      found(next->message);
    }
  });
}

template <class Found>
void split(std::string_view bytes, std::size_t read, Found found) {
  sse::FrameSplitter splitter;
  for_reads(bytes, read, [&](std::string_view part) {
    splitter.push(part);
    while (const auto block = splitter.next()) {
      found(*block);
    }
  });
}

void check_answers(const StreamCorpus& corpus) {
  for (const std::size_t read : {file_read, network_read}) {
    AnswerSum sum;
    parse(corpus.bytes, read, [&](const sse::Message& m) { sum.add(m.event, m.data); });
    check(sum.answer() == corpus.answer, "the parser gives what was written");
    std::string_view rest = corpus.bytes;
    std::uint64_t blocks = 0;
    split(corpus.bytes, read, [&](const sse::Block& block) {
      check(rest.starts_with(block.raw), "the blocks are the bytes in order");
      rest.remove_prefix(block.raw.size());
      ++blocks;
    });
    check(rest.empty() && blocks == corpus.answer.messages, "the splitter gives every block");
  }
}

void count_bytes(benchmark::State& state, const StreamCorpus& corpus) {
  const auto runs = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(runs * static_cast<std::int64_t>(corpus.bytes.size()));
  state.SetItemsProcessed(runs * static_cast<std::int64_t>(corpus.answer.messages));
}

void run_memcpy(benchmark::State& state, const StreamCorpus& corpus) {
  std::string copy(corpus.bytes.size(), '\0');
  for (auto _ : state) {
    std::memcpy(copy.data(), corpus.bytes.data(), corpus.bytes.size());
    benchmark::ClobberMemory();
  }
  count_bytes(state, corpus);
}

void run_memchr(benchmark::State& state, const StreamCorpus& corpus) {
  for (auto _ : state) {
    std::uint64_t lines = 0;
    const char* p = corpus.bytes.data();
    const char* const end = p + corpus.bytes.size();
    while (const void* found = std::memchr(p, '\n', static_cast<std::size_t>(end - p))) {
      p = static_cast<const char*>(found) + 1;
      ++lines;
    }
    check(lines == 3 * corpus.answer.messages, "memchr finds every line");
  }
  count_bytes(state, corpus);
}

void run_parse(benchmark::State& state, const StreamCorpus& corpus, std::size_t read) {
  for (auto _ : state) {
    std::uint64_t data_bytes = 0;
    parse(corpus.bytes, read, [&](const sse::Message& m) { data_bytes += m.data.size(); });
    check(data_bytes == corpus.answer.data_bytes, "the parser finds all data");
  }
  count_bytes(state, corpus);
}

void run_split(benchmark::State& state, const StreamCorpus& corpus, std::size_t read) {
  for (auto _ : state) {
    std::uint64_t blocks = 0;
    split(corpus.bytes, read, [&](const sse::Block&) { ++blocks; });
    check(blocks == corpus.answer.messages, "the splitter finds all blocks");
  }
  count_bytes(state, corpus);
}

void add_benchmarks(const std::string& name, const StreamCorpus& corpus) {
  check_answers(corpus);
  const auto add = [&](const char* subject, auto run, auto... more) {
    benchmark::RegisterBenchmark((name + '/' + subject).c_str(), run, std::cref(corpus), more...)
        ->Unit(benchmark::kMillisecond);
  };
  add("memcpy", run_memcpy);
  add("memchr", run_memchr);
  add("parse_64k", run_parse, file_read);
  add("parse_1448", run_parse, network_read);
  add("split_64k", run_split, file_read);
  add("split_1448", run_split, network_read);
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 256);
  const std::size_t size = given.corpus_mib * mib;
  if (!given.write_corpus.empty()) {
    std::ofstream(given.write_corpus, std::ios::binary) << participant_corpus(size).bytes;
    return 0;
  }
  const StreamCorpus participants = participant_corpus(size);
  const StreamCorpus small_events = small_event_corpus(size / 4);
  return run_benchmarks(argc, argv, [&] {
    add_benchmarks("events_1k1", participants);
    add_benchmarks("events_100", small_events);
  });
}
