// How late frames are at a client of the replay, beside a bare timer on the same machine in the
// same run, and whether the time of a whole tape is right. Usage: bench_lateness [SECONDS]
//
// Frames are 5 ms apart. The client runs beside the server, as on a developer's desk. Exit 1 where
// bytes are missing, where a tape at 100x takes 1% too long or too short, or where an hour drifts.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "replayer/deck.hpp"
#include "replayer/server.hpp"
#include "replayer/steady_clock.hpp"

namespace tapedeck {
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

void print(const char* what, std::vector<std::int64_t> late_ns) {
  std::ranges::sort(late_ns);
  const auto at = [&](std::size_t permille) {
    return static_cast<double>(late_ns[(late_ns.size() - 1) * permille / 1000]) / 1e3;
  };
  std::printf("%-28s %8zu %10.1f %10.1f %10.1f\n", what, late_ns.size(), at(500), at(990),
              at(1000));
}

/// A timer with nothing around it.
std::vector<std::int64_t> bare_timer(std::int64_t end_ns) {
  replayer::make_timers_exact();
  std::vector<std::int64_t> late_ns;
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
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {  // NOLINT
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

/// When each frame was there, less its own time.
std::vector<std::int64_t> hear(std::string_view url) {
  constexpr std::string_view request = "GET /events HTTP/1.0\r\n\r\n";
  const int fd = connected(url);
  std::vector<std::int64_t> at_ns;
  std::string text;
  char bytes[4096];
  if (::write(fd, request.data(), request.size()) > 0) {
    for (ssize_t count = 0; (count = ::read(fd, bytes, sizeof bytes)) > 0;) {
      const std::int64_t now_ns = steady_now_ns();
      text.append(bytes, static_cast<std::size_t>(count));
      for (std::size_t end = 0; (end = text.find("\n\n")) != std::string::npos;) {
        if (const std::size_t data = text.rfind("data: ", end); data != std::string::npos) {
          std::int64_t due_ns = 0;
          std::from_chars(text.data() + data + 6, text.data() + end, due_ns);
          at_ns.push_back(now_ns - due_ns);
        }
        text.erase(0, end + 2);
      }
    }
  }
  ::close(fd);
  return at_ns;
}

std::vector<std::int64_t> at_client(std::int64_t end_ns, bool precise) {
  std::int64_t start_ns = 0;
  replayer::Programme programme;
  programme.open_stream =
      [&](const replayer::JoinInfo&) -> Result<std::unique_ptr<port::FrameSource>> {
    start_ns = steady_now_ns();
    return std::unique_ptr<port::FrameSource>(std::make_unique<EvenSource>(end_ns));
  };
  replayer::ServerOptions options;
  options.address.port = 0;
  options.precise = precise;
  options.once = true;
  const auto server = replayer::Server::listen(std::move(options), std::move(programme)).value();
  std::vector<std::int64_t> late_ns;
  std::thread client([&] { late_ns = hear(server->url()); });
  replayer::StopRequest stop;
  if (const auto ran = server->run(stop); !ran) {
    std::fprintf(stderr, "%s\n", ran.error().message.c_str());
    std::exit(1);
  }
  client.join();
  for (std::int64_t& ns : late_ns) {
    ns -= start_ns;
  }
  return late_ns;
}

/// How long a tape takes by this clock.
std::int64_t time_of(std::int64_t tape_ns, const Rate& rate, port::Clock& clock) {
  NoSink sink;
  replayer::Deck deck;
  const std::int64_t start_ns = clock.now_ns();
  if (!deck.start(std::make_unique<EvenSource>(tape_ns), replayer::Timeline({rate}, start_ns),
                  sink) ||
      !deck.run(clock, [&] { return deck.empty(); })) {
    return -1;
  }
  return clock.now_ns() - start_ns;
}

bool holds(const char* what, std::int64_t took_ns, std::int64_t right_ns, std::int64_t off_max_ns) {
  std::printf("%-28s %s, right is %s\n", what, format_duration(took_ns).c_str(),
              format_duration(right_ns).c_str());
  return std::abs(took_ns - right_ns) <= off_max_ns;
}

int run(std::int64_t end_ns) {
  std::printf("%-28s %8s %10s %10s %10s\n", "late, in us", "frames", "p50", "p99", "max");
  const auto frames = static_cast<std::size_t>(end_ns / gap_ns);
  print("a bare timer", bare_timer(end_ns));
  const auto served = at_client(end_ns, false);
  print("a client", served);
  const auto precise = at_client(end_ns, true);
  print("a client, --precise", precise);
  print("a bare timer again", bare_timer(end_ns));
  bool good = served.size() == frames && precise.size() == frames;
  replayer::StopRequest stop;
  replayer::SteadyClock steady(stop);
  const std::int64_t fast_ns = 100 * end_ns;
  good =
      holds("at 100x", time_of(fast_ns, *Rate::parse("100"), steady), end_ns, end_ns / 100) && good;
  port::VirtualClock clock;
  constexpr std::int64_t hour_ns = 3600 * ns_per_s;
  for (const char* rate : {"1", "1.1", "0.3"}) {
    good =
        holds(("an hour at " + std::string(rate) + "x, by its due times").c_str(),
              time_of(hour_ns, *Rate::parse(rate), clock), Rate::parse(rate)->scale(hour_ns), 0) &&
        good;
  }
  if (!good) {
    std::puts("that is wrong");
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace tapedeck

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 10;
  return tapedeck::run(std::max(seconds, 1) * tapedeck::ns_per_s);
}
