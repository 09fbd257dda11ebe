// A source that plays a script under a virtual clock: the network of the session's tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/port/clock.hpp"
#include "recorder/source.hpp"

namespace tapedeck::test {

/// One thing that happens, so long after the one before it (the first: after `open`).
struct Step {
  std::int64_t after_ns = 0;
  recorder::SourceEvent event;
};

class ScriptedSource final : public recorder::Source {
 public:
  /// One script for each `open`; the last one repeats. `farewell` is what follows `leave`.
  ScriptedSource(port::Clock& clock, std::vector<std::vector<Step>> scripts,
                 std::vector<Step> farewell = {})
      : clock_(clock), scripts_(std::move(scripts)), farewell_(std::move(farewell)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }

  void open(const std::string& last_event_id) override {
    script_ = &scripts_[std::min(opened_ids_.size(), scripts_.size() - 1)];
    opened_ids_.push_back(last_event_id);
    opened_ns_.push_back(clock_.now_ns());
    step_ = 0;
    last_ns_ = clock_.now_ns();
  }

  [[nodiscard]] recorder::SourceEvent next(std::int64_t until_ns) override {
    const bool more = script_ != nullptr && step_ < script_->size() && !held_;
    const std::int64_t due_ns = more ? last_ns_ + (*script_)[step_].after_ns : until_ns;
    if (!more || due_ns > until_ns) {
      clock_.wait_until(until_ns);
      return recorder::Nothing{};
    }
    clock_.wait_until(due_ns);
    last_ns_ = due_ns;
    return (*script_)[step_++].event;
  }

  void hold(bool held) override { held_ = held; }
  void close() override { script_ = nullptr; }

  void hear(const sse::Message& message) override { heard_.emplace_back(message.event); }

  [[nodiscard]] bool leave() override {
    script_ = farewell_.empty() ? nullptr : &farewell_;
    step_ = 0;
    last_ns_ = clock_.now_ns();
    return script_ != nullptr;
  }

  [[nodiscard]] bool closed() const { return script_ == nullptr; }
  /// The last event id and the time of each `open`.
  [[nodiscard]] const std::vector<std::string>& opened_ids() const { return opened_ids_; }
  [[nodiscard]] const std::vector<std::int64_t>& opened_ns() const { return opened_ns_; }
  /// The event of each message.
  [[nodiscard]] const std::vector<std::string>& heard() const { return heard_; }

 private:
  std::string name_ = "the script";
  port::Clock& clock_;
  std::vector<std::vector<Step>> scripts_;
  std::vector<Step> farewell_;
  std::vector<std::string> heard_;
  const std::vector<Step>* script_ = nullptr;
  std::size_t step_ = 0;
  bool held_ = false;
  std::int64_t last_ns_ = 0;
  std::vector<std::string> opened_ids_;
  std::vector<std::int64_t> opened_ns_;
};

}  // namespace tapedeck::test
