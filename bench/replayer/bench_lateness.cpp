// How late frames are at a client of the replay, beside a bare timer on the same machine in the
// same run, and whether the time of a whole tape is right: at 100x within 1%, and without drift.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/support/arguments.hpp"
#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "replayer/deck.hpp"
#include "replayer/server.hpp"
#include "replayer/steady_clock.hpp"

namespace tapedeck::bench {
namespace {

using replayer::steady_now_ns;

constexpr std::int64_t gap_ns = 5 * ns_per_ms;

/// Frames at each gap, whose data is their time.
class EvenSource final : public port::FrameSource {
 public:
  explicit EvenSource(std::int64_t end_ns) : end_ns_(end_ns) {}

  Result<std::optional<port::Frame>> next() override {
    at_ns_ += gap_ns;
    if (at_ns_ > end_ns_) {
      return std::optional<port::Frame>{};
    }
    raw_ = "data: " + std::to_string(at_ns_) + "\n\n";
    return std::optional{
        port::Frame{.seq = ++seq_, .connection_id = 1, .recv_ns = at_ns_, .raw = raw_}};
  }

 private:
  std::int64_t end_ns_;
  std::int64_t at_ns_ = 0;
  std::uint64_t seq_ = 0;
  std::string raw_;
};

class NoSink final : public replayer::PacedSink {
 public:
  Result<void> accept(const port::Frame& /*frame*/) override { return {}; }
  Result<void> flush() override { return {}; }
  Result<void> finish() override { return {}; }
};

using Lateness = std::vector<std::int64_t>;  // nanoseconds

double at_us(const Lateness& sorted_ns, std::size_t permille) {
  return static_cast<double>(sorted_ns[(sorted_ns.size() - 1) * permille / 1000]) / 1e3;
}

void tell(benchmark::State& state, Lateness late_ns) {
  std::ranges::sort(late_ns);
  state.counters["p50_us"] = at_us(late_ns, 500);
  state.counters["p99_us"] = at_us(late_ns, 990);
  state.counters["max_us"] = at_us(late_ns, 1000);
}

/// A timer with nothing around it.
Lateness bare_timer(std::int64_t end_ns) {
  replayer::make_timers_exact();
  Lateness late_ns;
  const std::int64_t start_ns = steady_now_ns();
  for (std::int64_t at_ns = gap_ns; at_ns <= end_ns; at_ns += gap_ns) {
    const std::int64_t due_ns = start_ns + at_ns;
    const timespec due{.tv_sec = due_ns / ns_per_s, .tv_nsec = due_ns % ns_per_s};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
    late_ns.push_back(steady_now_ns() - due_ns);
  }
  return late_ns;
}

int connected(std::string_view url) {
  const std::size_t colon = url.rfind(':');
  std::uint16_t port = 0;
  std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,  // NOLINT
        "the client connects");
  return fd;
}

/// When each frame was there, less the time at which it is due after the start.
Lateness hear(std::string_view url, const Rate& rate) {
  constexpr std::string_view request = "GET /events HTTP/1.0\r\n\r\n";
  const int fd = connected(url);
  Lateness at_ns;
  std::string text;
  std::array<char, 65536> bytes{};
  check(::write(fd, request.data(), request.size()) > 0, "the client asks");
  for (ssize_t count = 0; (count = ::read(fd, bytes.data(), bytes.size())) > 0;) {
    const std::int64_t now_ns = steady_now_ns();
    text.append(bytes.data(), static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find("\n\n", begin)) != std::string::npos;) {
      if (const std::size_t data = text.find("data: ", begin); data < end) {
        std::int64_t recv_ns = 0;
        std::from_chars(text.data() + data + 6, text.data() + end, recv_ns);
        at_ns.push_back(now_ns - rate.scale(recv_ns));
      }
      begin = end + 2;
    }
    text.erase(0, begin);
  }
  ::close(fd);
  return at_ns;
}

/// How late each frame of a tape of `tape_ns` is at a client in another thread.
Lateness at_client(std::int64_t tape_ns, const Rate& rate, bool precise) {
  std::int64_t start_ns = 0;
  replayer::Programme programme;
  programme.open_stream =
      [&](const replayer::JoinInfo&) -> Result<std::unique_ptr<port::FrameSource>> {
    start_ns = steady_now_ns();
    return std::unique_ptr<port::FrameSource>(std::make_unique<EvenSource>(tape_ns));
  };
  replayer::ServerOptions options;
  options.address.port = 0;
  options.timeline.rate = rate;
  options.precise = precise;
  options.once = true;
  const auto server = replayer::Server::listen(std::move(options), std::move(programme)).value();
  Lateness late_ns;
  std::thread client([&] { late_ns = hear(server->url(), rate); });
  replayer::StopRequest stop;
  check(server->run(stop).has_value(), "the server runs");
  client.join();
  check(late_ns.size() == static_cast<std::size_t>(tape_ns / gap_ns), "every frame is there");
  for (std::int64_t& ns : late_ns) {
    ns -= start_ns;
  }
  return late_ns;
}

void lateness(benchmark::State& state, std::int64_t length_ns,
              const std::function<Lateness(std::int64_t)>& run) {
  for (auto _ : state) {
    tell(state, run(length_ns));
    state.SetIterationTime(static_cast<double>(length_ns) / ns_per_s);
  }
}

double mean_ns(std::span<const std::int64_t> late_ns) {
  return std::accumulate(late_ns.begin(), late_ns.end(), 0.0) / static_cast<double>(late_ns.size());
}

/// A tape of a hundred times `length_ns` at 100x: its last frame is there when a hundredth of its
/// time is over, within 1%, and the last hundredth of its frames is no later than the first.
void fast_tape(benchmark::State& state, std::int64_t length_ns) {
  for (auto _ : state) {
    const Lateness late_ns = at_client(100 * length_ns, Rate::parse("100").value(), false);
    const auto length = static_cast<double>(length_ns);
    const double of_right_time = (length + static_cast<double>(late_ns.back())) / length;
    check(std::abs(of_right_time - 1) <= 0.01, "the time at 100x is right within 1%");
    const std::span all(late_ns);
    const std::size_t some = std::max<std::size_t>(all.size() / 100, 1);
    state.counters["of_right_time"] = of_right_time;
    state.counters["drift_us"] = (mean_ns(all.last(some)) - mean_ns(all.first(some))) / 1e3;
    tell(state, late_ns);
    state.SetIterationTime(length * of_right_time / ns_per_s);
  }
}

/// Due times of an hour hang on its start: to the nanosecond, whatever the rate.
void check_hour() {
  for (const char* text : {"1", "1.1", "0.3"}) {
    constexpr std::int64_t hour_ns = 3600 * ns_per_s;
    const Rate rate = Rate::parse(text).value();
    port::VirtualClock clock;
    NoSink sink;
    replayer::Deck deck;
    check(deck.start(std::make_unique<EvenSource>(hour_ns), replayer::Timeline({rate}, 0), sink) &&
              deck.run(clock, [&] { return deck.empty(); }),
          "an hour is played");
    check(clock.now_ns() == rate.scale(hour_ns), "an hour does not drift");
  }
}

void add_benchmarks(std::int64_t length_ns) {
  check_hour();
  const auto add = [](const char* name, auto run) {
    benchmark::RegisterBenchmark(name, run)->UseManualTime()->Iterations(1)->Unit(
        benchmark::kMillisecond);
  };
  const Rate recorded = Rate::parse("1").value();
  const auto add_lateness = [&](const char* name, std::function<Lateness(std::int64_t)> run) {
    // A third is enough for the lateness of each; the pace shows over the whole.
    add(name, [=](benchmark::State& state) { lateness(state, length_ns / 3, run); });
  };
  add_lateness("late/timer", bare_timer);
  add_lateness("late/client", [=](std::int64_t ns) { return at_client(ns, recorded, false); });
  add_lateness("late/client_precise",
               [=](std::int64_t ns) { return at_client(ns, recorded, true); });
  add("pace/at_100x", [=](benchmark::State& state) { fast_tape(state, length_ns); });
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 1);
  return run_benchmarks(argc, argv, [&] {
    add_benchmarks(static_cast<std::int64_t>(given.seconds) * tapedeck::ns_per_s);
  });
}
