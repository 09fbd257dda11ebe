// What the recording proxy adds to the way of one chunk of an event stream over loopback.
//
// One thread is node and client: it writes a chunk at one end and reads it at the other, through
// the proxy (a second thread, recording onto a real tape) and over a plain connection in turn.
// Reported are both, and what p50 and p99 differ by; the limit is 1 ms at p99.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/event_loop.hpp"
#include "recorder/proxy_server.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck {
namespace {

/// A participant event of a usual size.
constexpr std::size_t frame_bytes = 1024;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "bench_proxy: %s\n", what);
  std::abort();
}

void must(bool held, const char* what) {
  if (!held) {
    give_up(what);
  }
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  void send(std::string_view bytes) const {
    must(
        ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()),
        "a write failed");
  }
  [[nodiscard]] std::string read(std::size_t count) const {
    std::string bytes(count, '\0');
    must(::recv(fd_, bytes.data(), count, MSG_WAITALL) == static_cast<ssize_t>(count),
         "a read failed");
    return bytes;
  }
  [[nodiscard]] std::string read_head() const {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      head += read(1);
    }
    return head;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    must(::bind(socket_.fd(), generic, size) == 0 && ::listen(socket_.fd(), 8) == 0 &&
             ::getsockname(socket_.fd(), generic, &size) == 0,
         "cannot listen");
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Socket accept() const { return Socket(::accept(socket_.fd(), nullptr, nullptr)); }

 private:
  Socket socket_;
  std::uint16_t port_ = 0;
};

Socket connect(std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  must(::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
       "cannot connect");
  return socket;
}

/// A proxy in a thread of its own, with a tape in a temporary file.
class RunningProxy {
 public:
  explicit RunningProxy(std::uint16_t node_port) {
    std::string name = (std::filesystem::temp_directory_path() / "bench-proxy-XXXXXX").string();
    must(::mkdtemp(name.data()) != nullptr, "cannot make a folder");
    folder_ = name;
    auto server = recorder::ProxyServer::listen(
        loop_,
        {.node = *recorder::parse_url("http://127.0.0.1:" + std::to_string(node_port)),
         .network = {*recorder::TlsContext::make({}), {}},
         .port = 0},
        {.clock = loop_,
         .wall_now_ns = [] { return 0; },
         .open_tape = [this](const recorder::ProxyJoin& /*join*/) -> Result<recorder::ProxyTape> {
           auto tape =
               schema::TapeWriter::open(tape_path(), {.durability = schema::Durability::normal});
           must(bool{tape}, "cannot make a tape");
           return recorder::ProxyTape{.sink = *std::move(tape)};
         },
         .log = [](const std::string& sentence) { give_up(sentence.c_str()); }});
    must(bool{server}, "cannot start the proxy");
    server_ = *std::move(server);
    thread_ = std::thread([this] {
      while (!stop_) {
        server_->serve(loop_.now_ns() + 10'000'000);
      }
      server_->finish();
    });
  }
  RunningProxy(const RunningProxy&) = delete;
  RunningProxy& operator=(const RunningProxy&) = delete;
  ~RunningProxy() {
    stop();
    std::filesystem::remove_all(folder_);
  }

  void stop() {
    stop_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  [[nodiscard]] std::uint16_t port() const {
    const std::string& url = server_->url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  [[nodiscard]] std::string tape_path() const { return folder_ + "/x.tape"; }

 private:
  std::string folder_;
  recorder::EventLoop loop_;
  std::unique_ptr<recorder::ProxyServer> server_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

std::int64_t pass_ns(const Socket& from, const Socket& to, const std::string& bytes) {
  const auto begin = std::chrono::steady_clock::now();
  from.send(bytes);
  const std::string got = to.read(bytes.size());
  const auto end = std::chrono::steady_clock::now();
  must(got == bytes, "what came out is not what went in");
  return std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count();
}

double quantile_us(std::vector<std::int64_t>& all, std::size_t permille) {
  std::ranges::sort(all);
  return static_cast<double>(all[(all.size() - 1) * permille / 1000]) / 1000;
}

void proxied_chunk(benchmark::State& state) {
  const Listener listener;
  RunningProxy proxy(listener.port());
  const Socket client = connect(proxy.port());
  client.send("GET /api/client/v2/conferences/x/events?token=t HTTP/1.1\r\nHost: x\r\n\r\n");
  const Socket node = listener.accept();
  (void)node.read_head();
  node.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
  (void)client.read_head();
  const Socket direct_client = connect(listener.port());
  const Socket direct_node = listener.accept();

  const std::string frame = "data: " + std::string(frame_bytes - 8, 'x') + "\n\n";
  std::vector<std::int64_t> direct;
  std::vector<std::int64_t> proxied;
  for (const auto& step : state) {
    (void)step;
    direct.push_back(pass_ns(direct_node, direct_client, frame));
    proxied.push_back(pass_ns(node, client, frame));
    state.SetIterationTime(static_cast<double>(proxied.back()) / 1e9);
  }
  proxy.stop();
  const auto tape = schema::TapeReader::open(proxy.tape_path());
  must(tape && (*tape)->summary().frame_count == proxied.size(),
       "the tape does not have every frame");
  for (const auto& [name, permille] : {std::pair{"p50", 500}, std::pair{"p99", 990}}) {
    const auto at = static_cast<std::size_t>(permille);
    const double through = quantile_us(proxied, at);
    state.counters[std::string(name) + "_us"] = through;
    state.counters["added_" + std::string(name) + "_us"] = through - quantile_us(direct, at);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(proxied.size() * frame_bytes));
}
BENCHMARK(proxied_chunk)->UseManualTime();

}  // namespace
}  // namespace tapedeck

BENCHMARK_MAIN();
