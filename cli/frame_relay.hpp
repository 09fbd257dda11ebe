// Frames on their way through three threads: one reads them, one derives the state, one judges what
// came of it.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/port/frame.hpp"
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

/// Some frames that follow one another.
class FrameBlock {
 public:
  struct Item {
    port::Frame frame;  ///< its bytes lie in the block
    std::int64_t wall_ns = 0;
  };

  /// False, and nothing is done, where there is no room; the first one always has room.
  bool add(const port::Frame& frame, std::int64_t wall_ns);
  void clear();

  [[nodiscard]] const std::vector<Item>& items() const { return items_; }
  /// Of the events in the frames, in their order, from who derives.
  std::vector<DerivedEvent> events;

 private:
  std::string bytes_;  // never moves while there is an item
  std::vector<Item> items_;
};

/// A ring of blocks: each is filled, then derived, then judged, and then filled again. Who is far
/// ahead waits. Each thread says when it goes, by its guard, so that the others do not wait for it.
class FrameRelay {
 public:
  /// The thread that reads: the next frame. Does nothing where one of the others has gone.
  void put(const port::Frame& frame, std::int64_t wall_ns);

  /// The thread that derives: the next block, which it gives on with the next call; null where
  /// there is none any more.
  [[nodiscard]] FrameBlock* next_to_derive();
  /// The same for the thread that judges.
  [[nodiscard]] const FrameBlock* next_to_judge();

  enum class Role : std::uint8_t { reads, derives, judges };
  static constexpr std::size_t roles = 3;

  class Guard {
   public:
    Guard(FrameRelay& relay, Role role) : relay_(relay), role_(role) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { relay_.leave(role_); }

   private:
    FrameRelay& relay_;
    Role role_;
  };

 private:
  static constexpr std::size_t blocks = 8;

  [[nodiscard]] std::size_t& done(Role role) { return done_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] bool& gone(Role role) { return gone_[static_cast<std::size_t>(role)]; }

  void leave(Role role);
  /// The block that `role` is about to begin, when `before` has done it; null where it never will.
  [[nodiscard]] FrameBlock* begin(Role role, Role before);
  void finish(Role role);

  std::array<FrameBlock, blocks> ring_;
  FrameBlock* filling_ = nullptr;  // of the thread that reads
  FrameBlock* deriving_ = nullptr;
  FrameBlock* judging_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::size_t, roles> done_{};  // blocks, since the beginning
  std::array<bool, roles> gone_{};
};

}  // namespace tapedeck::cli
