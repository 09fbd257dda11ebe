// One play without a server, to be steered: what goes to stdout or to nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/port/clock.hpp"
#include "replayer/deck.hpp"
#include "replayer/paced_sink.hpp"
#include "replayer/reel.hpp"
#include "replayer/steering.hpp"

namespace tapedeck::replayer {

/// Not thread-safe.
class LonePlay final : public Plays, private PacedSink {
 public:
  /// What a source is played as.
  using PlayedAs =
      std::function<std::unique_ptr<port::FrameSource>(std::unique_ptr<port::FrameSource>)>;

  /// What is referred to must outlive it.
  LonePlay(Deck& deck, port::Clock& clock, Reel& reel, PacedSink& sink,
           const TimelineOptions& options, PlayedAs played_as);

  /// Begins to play.
  Result<void> start(std::unique_ptr<port::FrameSource> source);

  [[nodiscard]] std::vector<Session> sessions() const override;
  [[nodiscard]] const PlayReport& played() const override { return deck_.report(); }
  [[nodiscard]] bool begins_paused() const override { return options_.paused; }
  [[nodiscard]] const Rate& begins_at_rate() const override { return options_.rate; }
  void pause(SessionId id) override;
  void resume(SessionId id) override;
  void set_rate(SessionId id, const Rate& rate) override;
  Result<void> step(SessionId id, std::uint64_t frames) override;
  Result<void> seek(SessionId id, const Position& position) override;

 private:
  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override { return sink_.flush(); }
  Result<void> finish() override { return sink_.finish(); }
  Result<void> source_failed(const Error& error) override { return sink_.source_failed(error); }

  Deck& deck_;
  port::Clock& clock_;
  Reel& reel_;
  PacedSink& sink_;
  PlayedAs played_as_;
  TimelineOptions options_;  ///< as they are now
  Deck::PlayId play_ = 0;
  std::uint64_t last_seq_ = 0;
};

}  // namespace tapedeck::replayer
