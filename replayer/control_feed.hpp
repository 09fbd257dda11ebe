// Who hears how the replay stands: the streams of `/tapedeck/v1/events`.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "replayer/event_stream.hpp"

namespace tapedeck::replayer {

/// Not thread-safe.
class ControlFeed {
 public:
  /// `block` tells how things stand, as a block of an event stream.
  explicit ControlFeed(std::function<std::string()> block) : block_(std::move(block)) {}

  /// Tells a new listener at once.
  void add(std::shared_ptr<EventStream> stream);
  void remove(const std::shared_ptr<EventStream>& stream) { streams_.erase(stream); }
  void end_all();

  /// Tells all listeners what they have not heard yet; who is behind hears it another time.
  void renew();

 private:
  std::function<std::string()> block_;
  std::set<std::shared_ptr<EventStream>> streams_;
  std::string last_;
};

}  // namespace tapedeck::replayer
