// Tells systemd how we are, as sd_notify(3) and sd_watchdog_enabled(3) describe it, without its
// library. Nothing waits for it, and where nobody listens nothing is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapedeck::cli {

class ServiceManager {
 public:
  /// What NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say.
  ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  [[nodiscard]] bool listens() const { return fd_ >= 0; }
  /// Who does not tell that it is alive for so long is ended; nothing: it need not.
  [[nodiscard]] std::optional<std::int64_t> watchdog_ns() const { return watchdog_ns_; }

  /// One or more lines `NAME=value`, LF between them.
  void tell(std::string_view lines);

 private:
  std::string address_;  ///< as in sun_path: an abstract one begins with a zero byte
  int fd_ = -1;
  std::optional<std::int64_t> watchdog_ns_;
  bool failed_ = false;
};

}  // namespace tapedeck::cli
