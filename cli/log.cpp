#include "cli/log.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "cli/table.hpp"
#include "cli/wall_clock.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

struct Log {
  int fd = -1;        ///< none
  bool torn = false;  ///< its last line has no end
  std::uint64_t lost_lines = 0;
};

Log& the_log() {
  static Log log;
  return log;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "";
}

void say_as_text(const std::string& who, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", who.c_str(), printable(message).c_str());
}

}  // namespace

std::string log_line(const Happening& happening, std::int64_t unix_ns, std::uint64_t lost_lines) {
  std::string line;
  JsonWriter json(line);
  json.begin_object()
      .member("time", format_wall_time(unix_ns))
      .member("level", name_of(happening.level))
      .member("event", happening.event);
  if (!happening.conference.empty()) {
    json.member("conference", happening.conference);
  }
  for (const LogField& field : happening.fields) {
    std::visit([&](const auto& value) { json.member(field.key, value); }, field.value);
  }
  if (lost_lines != 0) {
    json.member("lost_lines", lost_lines);
  }
  json.member("message", happening.message).end_object();
  return line + '\n';
}

Result<void> open_log(const std::string& path) {
  if (path.empty()) {
    return fail_usage("--log: the name of the file is missing; - is stderr");
  }
  constexpr mode_t readable_by_group = 0640;
  the_log().fd = path == "-"
                     ? STDERR_FILENO
                     : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
                              readable_by_group);
  if (the_log().fd < 0) {
    return fail_io("cannot write the log to '" + path + "': " + std::strerror(errno));
  }
  return {};
}

bool log_is_on_stderr() {
  return the_log().fd == STDERR_FILENO;
}

bool has_log() {
  return the_log().fd >= 0;
}

void note(const Happening& happening) {
  Log& log = the_log();
  if (log.fd < 0) {
    return;
  }
  const std::string line =
      (log.torn ? "\n" : "") + log_line(happening, wall_now_ns(), log.lost_lines);
  pollfd writable{log.fd, POLLOUT, 0};
  const bool waits = ::poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0;
  const ssize_t written = waits ? 0 : ::write(log.fd, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    log = {.fd = log.fd};
  } else {
    ++log.lost_lines;
    log.torn = log.torn || written > 0;
  }
}

void say(const Happening& happening) {
  if (!log_is_on_stderr()) {
    say_as_text("tapedeck", happening.message);
  }
  note(happening);
}

void say_failure(const std::string& command, const std::string& message) {
  if (!log_is_on_stderr()) {
    say_as_text("tapedeck " + command, message);
  }
  note({.level = Level::error, .event = "failed", .message = message});
}

}  // namespace tapedeck::cli
