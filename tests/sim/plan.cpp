#include "tests/sim/plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace tapedeck::test {
namespace {

constexpr std::array<std::pair<const char*, std::array<std::int64_t, 2>>, 6> rates{
    {{"max", {0, 1}},
     {"1", {1, 1}},
     {"10", {10, 1}},
     {"0.5", {1, 2}},
     {"1.1", {11, 10}},
     {"0.000001", {1, 1'000'000}}}};

NetworkPlan make_network(Random& random) {
  NetworkPlan network;
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
    network.stillborn_percent = random.percent(50) ? 30 : 0;
    network.refused_percent = random.percent(20) ? 97 : random.below(60);
    network.retry_after_ns_max = random.percent(30) ? 5 * ns_per_s : 0;
    network.deaf_percent = random.percent(20) ? 10 : 0;
  }
  return network;
}

Mishap make_mishap(Random& random) {
  using Kind = Mishap::Kind;
  Mishap mishap;
  mishap.kind = random.pick(std::array{Kind::killed, Kind::abandoned, Kind::disk_full,
                                       Kind::disk_error, Kind::power_cut});
  mishap.number = 1 + random.below(random.percent(50) ? 60 : 1000);
  mishap.pause_ns = random.percent(50) ? random.between(0, 3 * ns_per_s) : 0;
  return mishap;
}

/// `tape_ns`: about as long as the tape will be.
AudiencePlan make_audience(Random& random, std::int64_t tape_ns) {
  constexpr std::array<std::pair<const char*, std::array<std::int64_t, 2>>, 3> audience_rates{
      {{"1", {1, 1}}, {"10", {10, 1}}, {"max", {0, 1}}}};
  AudiencePlan plan;
  const auto& [rate, fraction] = random.pick(audience_rates);
  plan.rate = Rate::parse(rate).value();
  plan.num = fraction[0];
  plan.den = fraction[1];
  plan.is_shared = random.percent(60);
  plan.stream_bytes_max = static_cast<std::size_t>(random.between(2000, 60'000));
  const std::int64_t length_ns = plan.num == 0 ? ns_per_s : tape_ns / plan.num;
  for (std::uint64_t left = 1 + random.below(5); left > 0; --left) {
    ClientPlan client;
    client.come_ns = random.percent(50) ? 0 : random.between(0, length_ns);
    client.stays = random.percent(60);
    client.leave_ns = client.stays ? client.come_ns + 4 * length_ns + 100 * ns_per_s
                                   : client.come_ns + random.between(1, length_ns);
    client.is_old = random.percent(20);
    client.read_every_ns = random.between(20 * ns_per_ms, 400 * ns_per_ms);
    client.read_bytes_max = random.percent(50) ? 4096 : 1 + random.below(4096);
    if (random.percent(30)) {
      client.lags_from_ns = client.come_ns + random.between(0, length_ns);
      client.lags_until_ns = client.lags_from_ns + random.between(0, 2 * length_ns);
    }
    plan.clients.push_back(client);
  }
  return plan;
}

}  // namespace

Plan make_plan(std::uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.conference.seed = random.next() >> 1;
  plan.conference.participants = static_cast<std::uint32_t>(random.below(25));
  plan.conference.breakouts = static_cast<std::uint32_t>(random.below(4));
  plan.conference.duration_ns = random.between(2 * ns_per_s, 40 * ns_per_s);
  plan.network = make_network(random);

  if (random.percent(30)) {
    plan.duration_ns = random.between(ns_per_s, 30 * ns_per_s);
  }
  if (random.percent(20)) {
    plan.frames_max = 1 + random.below(300);
  }
  if (random.percent(15)) {
    plan.stop_ns = random.between(ns_per_s, 20 * ns_per_s);
  }
  if (random.percent(30)) {
    // The node is never silent for longer than a second, nor the network for two.
    plan.stall_ns = random.between(4 * ns_per_s, 8 * ns_per_s);
    plan.network.stall_per_mille = 1 + plan.network.chunk_bytes_max / 100;
  }
  for (std::uint64_t left = random.percent(50) ? 1 + random.below(4) : 0; left > 0; --left) {
    plan.mishaps.push_back(make_mishap(random));
  }
  plan.commit_frames_max = static_cast<std::size_t>(
      1 + random.below(random.percent(50) ? 20 : limits::commit_frames_max));
  plan.commit_ns_max = random.between(0, 4 * limits::commit_ns_max);

  if (random.percent(20)) {
    plan.slow_disk_ns = random.between(1, 300 * ns_per_ms);
  }

  for (const auto& [rate, fraction] : rates) {
    if (random.percent(50) || plan.replays.empty()) {
      ReplayPlan replay{
          .options = {.rate = Rate::parse(rate).value()}, .num = fraction[0], .den = fraction[1]};
      if (random.percent(30)) {
        replay.options.max_gap_ns = random.between(0, ns_per_s);
      }
      plan.replays.push_back(replay);
    }
  }
  plan.audience = make_audience(random, plan.conference.duration_ns);
  plan.restart_percent = random.below(101);
  return plan;
}

bool Plan::is_durable() const {
  return slow_disk_ns > 0 || std::ranges::any_of(mishaps, [](const Mishap& mishap) {
           return mishap.kind == Mishap::Kind::power_cut;
         });
}

std::string Plan::to_string() const {
  const auto duration = [](const auto& value) {
    return value ? format_duration(*value) : std::string("no");
  };
  std::string text =
      "participants " + std::to_string(conference.participants) + ", breakouts " +
      std::to_string(conference.breakouts) + ", conference of " +
      format_duration(conference.duration_ns) + ", plain " + (network.is_plain() ? "yes" : "no") +
      ", reads of up to " + std::to_string(network.chunk_bytes_max) + " bytes, delays of up to " +
      format_duration(network.delay_ns_max) + ", per mille drops " +
      std::to_string(network.drop_per_mille) + " stalls " +
      std::to_string(network.stall_per_mille) + ", refused " +
      std::to_string(network.refused_percent) + "%, duration " + duration(duration_ns) +
      ", frames_max " + (frames_max ? std::to_string(*frames_max) : "no") + ", stop " +
      duration(stop_ns) + ", stall " + duration(stall_ns) + ", commits of " +
      std::to_string(commit_frames_max) + " frames or " + format_duration(commit_ns_max);
  for (const Mishap& mishap : mishaps) {
    constexpr std::array kinds{", killed at call ", ", abandoned at call ",
                               ", disk full from operation ", ", disk error at operation ",
                               ", power cut at operation "};
    text += kinds[static_cast<std::size_t>(mishap.kind)] + std::to_string(mishap.number);
  }
  if (slow_disk_ns > 0) {
    text += ", a disk that takes up to " + format_duration(slow_disk_ns);
  }
  text += ", replays at";
  for (const ReplayPlan& replay : replays) {
    text += ' ' + replay.options.rate.to_string();
  }
  text += ", " + std::to_string(audience.clients.size()) + " clients at " +
          audience.rate.to_string() + (audience.is_shared ? " together" : "");
  return text;
}

}  // namespace tapedeck::test
