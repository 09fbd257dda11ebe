#include "replayer/lone_play.hpp"

#include <utility>

namespace tapedeck::replayer {

LonePlay::LonePlay(Deck& deck, port::Clock& clock, Reel& reel, PacedSink& sink,
                   const TimelineOptions& options, PlayedAs played_as)
    : deck_(deck),
      clock_(clock),
      reel_(reel),
      sink_(sink),
      played_as_(std::move(played_as)),
      options_(options) {}

Result<void> LonePlay::start(std::unique_ptr<port::FrameSource> source) {
  const auto started =
      deck_.start(played_as_(std::move(source)), Timeline(options_, clock_.now_ns()), *this);
  if (!started) {
    return fail(started.error());
  }
  play_ = *started;
  return {};
}

std::vector<Session> LonePlay::sessions() const {
  const Timeline* timeline = deck_.timeline(play_);
  if (timeline == nullptr) {
    return {};
  }
  return {{.id = 1,
           .rate = options_.rate,
           .paused = options_.paused,
           .at_ns = timeline->position_ns(clock_.now_ns()),
           .seq = last_seq_,
           .reel = &reel_}};
}

void LonePlay::pause(SessionId /*id*/) {
  options_.paused = true;
  deck_.pause(play_, clock_.now_ns());
}

void LonePlay::resume(SessionId /*id*/) {
  options_.paused = false;
  deck_.resume(play_, clock_.now_ns());
}

void LonePlay::set_rate(SessionId /*id*/, const Rate& rate) {
  options_.rate = rate;
  deck_.set_rate(play_, rate, clock_.now_ns());
}

Result<void> LonePlay::step(SessionId /*id*/, std::uint64_t frames) {
  options_.paused = true;
  return deck_.step(play_, clock_.now_ns(), frames);
}

Result<void> LonePlay::seek(SessionId /*id*/, const Position& position) {
  if (auto finished = deck_.finish_block(play_); !finished) {
    return finished;
  }
  auto source = reel_.reopen(position);
  if (!source) {
    return fail(source.error());
  }
  TimelineOptions options = options_;
  options.from_ns = position.at_ns;
  auto sought =
      deck_.seek(play_, played_as_(*std::move(source)), Timeline(options, clock_.now_ns()));
  if (sought) {
    last_seq_ = position.seq;
  }
  return sought;
}

Result<void> LonePlay::accept(const port::Frame& frame) {
  if (frame.complete) {
    last_seq_ = frame.seq;
  }
  return sink_.accept(frame);
}

}  // namespace tapedeck::replayer
