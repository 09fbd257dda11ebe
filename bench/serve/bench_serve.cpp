// A stream to many clients on loopback, by the server and by a bare epoll loop that writes the same
// bytes to each as fast as it takes them.
//
//   bench_serve [--corpus_mib=512] [--benchmark_...]
//
// corpus_mib is what all clients together get. They connect first; then everything is due at once.
// Each checks that it got the whole stream.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/serve/watchers.hpp"
#include "bench/sse/stream_corpus.hpp"
#include "bench/support/arguments.hpp"
#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "core/sse/frame_splitter.hpp"
#include "replayer/server.hpp"

namespace tapedeck::bench {
namespace {

/// Long enough for a thousand clients to connect.
constexpr std::int64_t due_ns = 2 * ns_per_s;

using Moment = std::chrono::steady_clock::time_point;

double seconds_since(Moment begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Notes when the second frame is asked for: the first is due then.
class CorpusSource final : public port::FrameSource {
 public:
  CorpusSource(std::string_view bytes, std::atomic<Moment>& begin) : begin_(begin) {
    splitter_.push(bytes);
  }

  Result<std::optional<port::Frame>> next() override {
    if (seq_ == 1) {
      begin_ = std::chrono::steady_clock::now();
    }
    const auto block = splitter_.next();
    if (!block) {
      return std::optional<port::Frame>{};
    }
    return std::optional(port::Frame{++seq_, 1, due_ns, block->complete, block->raw});
  }

 private:
  std::atomic<Moment>& begin_;
  sse::FrameSplitter splitter_;
  std::uint64_t seq_ = 0;
};

double serve_tape(const std::string& body, std::size_t clients) {
  std::atomic<Moment> begin;
  replayer::ServerOptions options;
  options.address = {"127.0.0.1", 0};
  options.sharing = replayer::Sharing::shared;
  options.timeline.rate = Rate::parse("1").value();
  options.once = true;
  auto server = replayer::Server::listen(
      std::move(options),
      {.open_stream = [&](const replayer::JoinInfo&) -> Result<std::unique_ptr<port::FrameSource>> {
        return std::unique_ptr<port::FrameSource>(std::make_unique<CorpusSource>(body, begin));
      }});
  check(server.has_value(), "the server listens");
  const std::string& url = (*server)->url();
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  replayer::StopRequest stop;
  std::jthread thread([&] { check((*server)->run(stop).has_value(), "the server runs"); });
  double seconds = 0;
  {
    Watchers watchers(port, clients);
    watchers.await_heads();
    watchers.read_all(body.size());
    seconds = seconds_since(begin);
  }
  thread.join();
  const auto report = (*server)->report();
  check(report.streams == clients && report.streams_dropped == 0, "every client is served");
  return seconds;
}

/// Sends the head to each client at once, and the body when all have theirs.
void write_bare(int listener, const std::string& body, std::size_t clients,
                std::atomic<Moment>& begin) {
  constexpr std::string_view head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::size_t> sent(clients);
  std::vector<int> sockets;
  std::array<char, 512> request{};
  for (std::size_t i = 0; i < clients; ++i) {
    sockets.push_back(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    check(::recv(sockets[i], request.data(), request.size(), 0) > 0, "the request is read");
    check(::send(sockets[i], head.data(), head.size(), MSG_NOSIGNAL) > 0, "the head is sent");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < clients; ++i) {
    epoll_event event{.events = EPOLLOUT, .data = {.u64 = i}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
  }
  std::vector<epoll_event> events(256);
  for (std::size_t open = clients; open > 0;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int k = 0; k < count; ++k) {
      const std::size_t i = events[static_cast<std::size_t>(k)].data.u64;
      const std::string_view rest = std::string_view(body).substr(sent[i]);
      const ssize_t wrote =
          ::send(sockets[i], rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      check(wrote >= 0, "a client takes bytes");
      sent[i] += static_cast<std::size_t>(wrote);
      if (sent[i] == body.size()) {
        ::close(sockets[i]);
        --open;
      }
    }
  }
  ::close(epoll);
}

double serve_bare(const std::string& body, std::size_t clients) {
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  std::atomic<Moment> begin;
  std::jthread thread([&] { write_bare(listener, body, clients, begin); });
  Watchers watchers(port, clients);
  watchers.await_heads();
  watchers.read_all(body.size());
  const double seconds = seconds_since(begin);
  thread.join();
  ::close(listener);
  return seconds;
}

template <class Serve>
void run(benchmark::State& state, Serve serve, std::size_t bytes, std::size_t clients) {
  const StreamCorpus corpus = participant_corpus(bytes / clients);
  for (auto _ : state) {
    state.SetIterationTime(serve(corpus.bytes, clients));
  }
  const auto served = static_cast<std::int64_t>(state.iterations() * clients);
  state.SetBytesProcessed(served * static_cast<std::int64_t>(corpus.bytes.size()));
  state.SetItemsProcessed(served * static_cast<std::int64_t>(corpus.answer.messages));
}

void add_benchmarks(std::size_t bytes) {
  const auto add = [&](const std::string& name, auto serve, std::size_t clients) {
    benchmark::RegisterBenchmark(
        name.c_str(), [=](benchmark::State& state) { run(state, serve, bytes, clients); })
        ->Unit(benchmark::kMillisecond)
        ->UseManualTime()
        ->Iterations(1);
  };
  add("serve/bare_1000", serve_bare, 1000);
  add("serve/tape_1000", serve_tape, 1000);
  // What so many clients cost, each getting the same as with one.
  for (const std::size_t clients : {1, 10, 100, 1000}) {
    benchmark::RegisterBenchmark(
        ("scale/clients/" + std::to_string(clients)).c_str(),
        [=](benchmark::State& state) { run(state, serve_tape, bytes / 1000 * clients, clients); })
        ->Unit(benchmark::kMillisecond)
        ->UseManualTime()
        ->Iterations(1);
  }
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 512);
  allow_clients(1000);
  return run_benchmarks(argc, argv, [&] { add_benchmarks(given.corpus_mib << 20U); });
}
