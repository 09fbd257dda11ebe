// Payloads for the benchmarks of the reducer, made from a fixed seed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/kind.hpp"

namespace tapedeck::bench {

struct PayloadCorpus {
  struct Payload {
    event::Kind kind;
    std::string_view text;
  };
  std::string bytes;  ///< the texts, with room behind them for simdjson to read into
  std::vector<Payload> payloads;
  std::size_t size = 0;  ///< of all texts
};

/// A meeting of 500 people: they come, and then each event is an update of one of them, of 1.4 KB,
/// in which one or two members differ from their last one. In one of a hundred it is not known what
/// differs without reading it: a member comes or goes, or one has an escape.
[[nodiscard]] PayloadCorpus update_corpus(std::size_t size);

/// Every event of a simulated conference of 500 people.
[[nodiscard]] PayloadCorpus meeting_corpus(std::size_t size);

/// The event stream that brings these payloads.
[[nodiscard]] std::string stream_of(const PayloadCorpus& corpus);

}  // namespace tapedeck::bench
