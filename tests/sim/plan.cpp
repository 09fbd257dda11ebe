#include "tests/sim/plan.hpp"

#include <array>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace tapedeck::test {

Plan make_plan(std::uint64_t seed) {
  sim::Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.conference.seed = random.next() >> 1;
  plan.conference.participants = static_cast<std::uint32_t>(random.below(25));
  plan.conference.breakouts = static_cast<std::uint32_t>(random.below(4));
  plan.conference.duration_ns = random.between(2 * ns_per_s, 40 * ns_per_s);

  NetworkPlan& network = plan.network;
  if (random.percent(40)) {
    network.line_end = random.pick(std::array<std::string_view, 3>{"\n", "\r\n", "\r"});
    network.byte_order_mark = random.percent(30);
    network.noise_percent = random.percent(50) ? random.below(20) : 0;
  }
  network.chunk_bytes_max =
      random.pick(std::array<std::size_t, 6>{3, 20, 200, 1500, 20'000, 65'536});
  network.delay_ns_max =
      random.pick(std::array<std::int64_t, 3>{0, 5 * ns_per_ms, 400 * ns_per_ms});
  if (random.percent(60)) {
    // About once in 20 KB, whatever the size of a read.
    network.drop_per_mille = 1 + network.chunk_bytes_max / 50;
    network.refused_percent = random.below(60);
  }

  if (random.percent(30)) {
    plan.duration_ns = random.between(ns_per_s, 30 * ns_per_s);
  }
  if (random.percent(20)) {
    plan.frames_max = 1 + random.below(300);
  }
  if (random.percent(40)) {
    plan.death_frames = 1 + random.below(200);
  }
  plan.commit_frames_max = static_cast<std::size_t>(1 + random.below(limits::commit_frames_max));
  plan.commit_ns_max = random.between(0, 2 * limits::commit_ns_max);

  for (const char* rate : {"max", "1", "10", "0.5", "1.1", "0.000001"}) {
    if (random.percent(50) || plan.replays.empty()) {
      replayer::TimelineOptions replay{.rate = Rate::parse(rate).value()};
      if (random.percent(30)) {
        replay.max_gap_ns = random.between(0, ns_per_s);
      }
      plan.replays.push_back(replay);
    }
  }
  return plan;
}

std::string Plan::to_string() const {
  const auto optional = [](const auto& value) {
    return value ? std::to_string(*value) : std::string("no");
  };
  std::string text =
      "participants " + std::to_string(conference.participants) + ", breakouts " +
      std::to_string(conference.breakouts) + ", conference of " +
      format_duration(conference.duration_ns) + ", plain " + (network.is_plain() ? "yes" : "no") +
      ", reads of up to " + std::to_string(network.chunk_bytes_max) + " bytes, delays of up to " +
      format_duration(network.delay_ns_max) + ", drops " + std::to_string(network.drop_per_mille) +
      " per mille, duration " + optional(duration_ns) + ", frames_max " + optional(frames_max) +
      ", death at " + optional(death_frames) + ", commits of " + std::to_string(commit_frames_max) +
      " frames or " + format_duration(commit_ns_max) + ", replays at";
  for (const replayer::TimelineOptions& replay : replays) {
    text += ' ' + replay.rate.to_string();
  }
  return text;
}

}  // namespace tapedeck::test
