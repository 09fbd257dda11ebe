// Event streams for the benchmarks: made from a fixed seed, with the answer that a parser owes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tapedeck::bench {

/// What comes out of a stream: counts, and a digest over names and data in order.
struct Answer {
  std::uint64_t messages = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t digest = 0;

  friend bool operator==(const Answer&, const Answer&) = default;
};

struct StreamCorpus {
  std::string bytes;
  Answer answer;
};

/// A meeting's stream: nine participant updates of some 1.2 KB, a quarter of them with a name that
/// is not ASCII, to one stage event; 1.1 KB an event. At least `size` bytes.
[[nodiscard]] StreamCorpus participant_corpus(std::size_t size);

/// Events of 100 bytes.
[[nodiscard]] StreamCorpus small_event_corpus(std::size_t size);

/// The answer in the making, by whoever finds the messages.
class AnswerSum {
 public:
  AnswerSum();
  AnswerSum(const AnswerSum&) = delete;
  AnswerSum& operator=(const AnswerSum&) = delete;
  ~AnswerSum();

  void add(std::string_view event, std::string_view data);
  [[nodiscard]] Answer answer() const;

 private:
  Answer answer_;
  void* state_;
};

}  // namespace tapedeck::bench
