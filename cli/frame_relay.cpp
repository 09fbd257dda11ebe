#include "cli/frame_relay.hpp"

#include <algorithm>

namespace tapedeck::cli {
namespace {

/// Small enough that a block is still in a cache when the next thread reads it.
constexpr std::size_t block_bytes = std::size_t{512} * 1024;
constexpr std::size_t block_frames_max = 1024;

}  // namespace

bool FrameBlock::add(const port::Frame& frame, std::int64_t wall_ns) {
  if (items_.empty()) {
    bytes_.reserve(std::max(block_bytes, frame.raw.size()));
  } else if (frame.raw.size() > bytes_.capacity() - bytes_.size() ||
             items_.size() == block_frames_max) {
    return false;
  }
  const char* const begin = bytes_.data() + bytes_.size();
  bytes_ += frame.raw;
  items_.push_back({frame, wall_ns, 0});
  items_.back().frame.raw = {begin, frame.raw.size()};
  return true;
}

void FrameBlock::clear() {
  if (bytes_.capacity() > 2 * block_bytes) {
    bytes_ = {};  // what one large frame took is not kept
  }
  bytes_.clear();
  items_.clear();
  events_.clear();
  derived_ = 0;
  texts_.clear();
}

std::string_view FrameBlock::kept(std::string_view text) {
  const bool lies_here =
      text.data() >= bytes_.data() && text.data() + text.size() <= bytes_.data() + bytes_.size();
  return lies_here ? text : texts_.copy(text);
}

void FrameBlock::add_event(const event::WireEvent& event, const state::Outcome& outcome,
                           std::string_view uuid) {
  DerivedEvent& derived = events_.emplace_back();
  derived.kind = event.kind;
  if (event.payload == event::Payload::empty || event.payload == event::Payload::too_long) {
    derived.payload = event.payload;
  }
  derived.name = kept(event.name);
  derived.data = kept(event.data);
  derived.last_event_id = kept(event.last_event_id);
  derived.outcome = outcome;
  if (!uuid.empty()) {
    const auto at = static_cast<std::size_t>(uuid.data() - event.data.data());
    derived.uuid = derived.data.substr(at, uuid.size());
  }
}

void FrameRelay::put(const port::Frame& frame, std::int64_t wall_ns) {
  if (filling_ != nullptr && filling_->add(frame, wall_ns)) {
    return;
  }
  if (filling_ != nullptr) {
    finish(Role::reads);
  }
  filling_ = begin(Role::reads, Role::judges);
  if (filling_ != nullptr) {
    filling_->clear();
    filling_->add(frame, wall_ns);
  }
}

FrameBlock* FrameRelay::next_to_derive() {
  if (deriving_ != nullptr) {
    finish(Role::derives);
  }
  deriving_ = begin(Role::derives, Role::reads);
  return deriving_;
}

const FrameBlock* FrameRelay::next_to_judge() {
  if (judging_ != nullptr) {
    finish(Role::judges);
  }
  judging_ = begin(Role::judges, Role::derives);
  return judging_;
}

FrameBlock* FrameRelay::begin(Role role, Role before) {
  std::unique_lock lock(mutex_);
  // Who reads begins a round ahead of who judges.
  const std::size_t ahead = role == Role::reads ? blocks : 0;
  const auto is_there = [&] { return done(role) < done(before) + ahead; };
  changed_.wait(lock, [&] { return is_there() || gone(before); });
  const bool may_begin = role == Role::reads ? !gone(before) : is_there();
  return may_begin ? &ring_[done(role) % blocks] : nullptr;
}

void FrameRelay::finish(Role role) {
  const std::lock_guard lock(mutex_);
  ++done(role);
  changed_.notify_all();
}

/// What it had begun is left as it is: only who reads has something to give on.
void FrameRelay::leave(Role role) {
  if (role == Role::reads && filling_ != nullptr) {
    finish(role);
  }
  const std::lock_guard lock(mutex_);
  gone(role) = true;
  changed_.notify_all();
}

}  // namespace tapedeck::cli
