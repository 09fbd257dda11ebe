// A server that a test talks to, and waits for.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "replayer/server.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/sanitizer.hpp"

namespace tapedeck::test {

using replayer::Server;
using replayer::ServerOptions;
using replayer::ServerReport;

using Opened = Result<std::unique_ptr<port::FrameSource>>;

inline replayer::Programme play(std::vector<StoredFrame> frames) {
  return {.open_stream = [frames](const replayer::JoinInfo&) -> Opened {
    return memory_source(frames);
  }};
}

inline std::string joined(const std::vector<StoredFrame>& frames) {
  std::string bytes;
  for (const StoredFrame& frame : frames) {
    bytes += frame.raw;
  }
  return bytes;
}

/// A server in a thread of its own, which is where its log comes from too.
class RunningServer {
 public:
  explicit RunningServer(replayer::Programme programme, ServerOptions options = {}) {
    options.address = {"127.0.0.1", 0};
    options.limits.linger_time_max = std::chrono::milliseconds(50);  // clients here close late
    options.log = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += std::string(line) + '\n';
    };
    auto server = Server::listen(std::move(options), std::move(programme));
    EXPECT_TRUE(server);
    server_ = std::move(*server);
    const std::string& url = server_->url();
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    thread_ = std::thread([this] { EXPECT_TRUE(server_->run(stop_)); });
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() { stop(); }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] const std::string& url() const { return server_->url(); }

  void request_stop() { stop_.request(); }
  /// Waits for the end that --once brings.
  ServerReport wait() {
    thread_.join();
    return server_->report();
  }
  ServerReport stop() {
    stop_.request();
    if (thread_.joinable()) {
      thread_.join();
    }
    return server_->report();
  }
  [[nodiscard]] std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  replayer::StopRequest stop_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  std::string log_;
};

/// Waits for something that the server's thread brings about.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(patience_s);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

}  // namespace tapedeck::test
