// What became of each event, from the thread that derives the state to the one that judges.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "core/state/reducer.hpp"

namespace tapedeck::cli {

/// What the one that judges needs to know of an event.
struct DerivedEvent {
  state::Outcome outcome;
  /// Where in its data the uuid stands, of an update whose payload is like the one of the same
  /// participant before, but for values that are as the catalogue has them. Of size 0: it is not.
  std::size_t uuid_at = 0;
  std::size_t uuid_size = 0;
};

/// For one thread that puts and one that takes, in blocks, so that they seldom meet. Bounded: who
/// is far ahead waits.
class OutcomeQueue {
 public:
  /// The thread that puts: the next one; then, once, that there are no more.
  void put(const DerivedEvent& event);
  void finish();

  /// The thread that takes: the next one; a handled event where there are no more.
  [[nodiscard]] DerivedEvent take();
  /// Nothing more is taken. Whether what was put is exactly what was taken; waits for the last.
  [[nodiscard]] bool close();

  /// However a thread comes to its end, the other does not wait for it.
  class Putting {
   public:
    explicit Putting(OutcomeQueue& queue) : queue_(queue) {}
    Putting(const Putting&) = delete;
    Putting& operator=(const Putting&) = delete;
    ~Putting() { queue_.finish(); }

   private:
    OutcomeQueue& queue_;
  };
  class Taking {
   public:
    explicit Taking(OutcomeQueue& queue) : queue_(queue) {}
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;
    ~Taking() { (void)queue_.close(); }

   private:
    OutcomeQueue& queue_;
  };

 private:
  using Block = std::vector<DerivedEvent>;
  static constexpr std::size_t block_size = 1024;
  static constexpr std::size_t blocks_max = 64;

  void hand_over();
  [[nodiscard]] bool fetch();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> blocks_;
  bool finished_ = false;
  bool closed_ = false;

  Block filling_;  // of the thread that puts
  Block taking_;   // of the thread that takes
  std::size_t taken_ = 0;
  bool missed_ = false;  // there was none to take
};

}  // namespace tapedeck::cli
