#include "cli/outcome_queue.hpp"

#include <utility>

namespace tapedeck::cli {

void OutcomeQueue::put(const DerivedEvent& event) {
  filling_.push_back(event);
  if (filling_.size() == block_size) {
    hand_over();
  }
}

void OutcomeQueue::finish() {
  hand_over();
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void OutcomeQueue::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || blocks_.size() < blocks_max; });
  if (!filling_.empty()) {
    blocks_.push_back(std::exchange(filling_, {}));
    filling_.reserve(block_size);
  }
  changed_.notify_all();
}

/// The next block; false where there is none any more.
bool OutcomeQueue::fetch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return finished_ || !blocks_.empty(); });
  if (blocks_.empty()) {
    return false;
  }
  taking_ = std::move(blocks_.front());
  blocks_.pop_front();
  taken_ = 0;
  changed_.notify_all();
  return true;
}

DerivedEvent OutcomeQueue::take() {
  if (taken_ == taking_.size() && (missed_ || !fetch())) {
    missed_ = true;
    return {};
  }
  return taking_[taken_++];
}

bool OutcomeQueue::close() {
  const bool all_of_block = taken_ == taking_.size();
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return finished_; });
  return !missed_ && all_of_block && blocks_.empty();
}

}  // namespace tapedeck::cli
