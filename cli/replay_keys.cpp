#include "cli/replay_keys.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/log.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"

namespace tapedeck::cli {

using replayer::all_sessions;
using replayer::Direction;
using replayer::Session;
using replayer::Steering;

namespace {

constexpr std::int64_t short_seek_ns = 5 * ns_per_s;
constexpr std::int64_t long_seek_ns = 30 * ns_per_s;
constexpr std::size_t event_bytes_max = 64;

/// The longest line that does not wrap.
std::size_t columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col - std::size_t{1} : 79;
}

/// What of a line has room, in whole characters.
std::string fitted(const std::string& line, std::size_t bytes) {
  return line.substr(0, valid_utf8_prefix(std::string_view(line).substr(0, bytes)));
}

/// As long as milliseconds tell something.
std::string time_text(std::int64_t ns) {
  return format_duration(ns / ns_per_ms * ns_per_ms);
}

std::string state_text(const Session& session) {
  const auto glance = session.reel->glance(session.seq);
  if (!glance || !*glance) {
    return "";
  }
  std::string text = "  " + counted((*glance)->participants, "participant");
  if ((*glance)->breakouts != 0) {
    text += ", " + counted((*glance)->breakouts, "breakout");
  }
  if (!(*glance)->presenter.empty()) {
    text += ", " + (*glance)->presenter + " presents";
  }
  return text + ((*glance)->locked ? ", locked" : "");
}

}  // namespace

std::string_view keys_help() {
  return "  space         stand still, go on\n"
         "  . ,           a frame forward, a frame back, and stand still\n"
         "  up + down -   faster, slower; 1: as recorded\n"
         "  right left    5 s forward, back; with shift 30 s\n"
         "  ] [           to the next mark, to the last one; m sets one\n"
         "  /             to the next event of the kind that is typed then, e.g. stage\n"
         "  ? q           these lines; the end\n";
}

std::string status_line(const Steering& steering) {
  const auto sessions = steering.sessions(all_sessions);
  const replayer::Plays& plays = steering.plays();
  if (sessions.empty()) {
    return "nothing is played, " + plays.begins_at_rate().to_string() + "x" +
           (plays.begins_paused() ? ", paused" : "");
  }
  const Session& first = sessions.front();
  std::string line = time_text(first.reel->tape_ns(first.at_ns)) + " / " +
                     time_text(first.reel->end_ns()) + "  " + first.rate.to_string() +
                     (first.rate.is_unlimited() ? "" : "x") + (first.paused ? "  paused" : "") +
                     (first.over ? "  over" : "");
  const replayer::Lateness& late = plays.played().lateness;
  if (late.count() != 0) {
    line += "  late " + format_duration(late.quantile_ns(500)) + " (p99 " +
            format_duration(late.quantile_ns(990)) + ")";
  }
  return line + (sessions.size() == 1 ? state_text(first)
                                      : "  the first of " + counted(sessions.size(), "stream"));
}

void ReplayKeys::press(const Pressed& pressed, Steering& steering) {
  if (asks_event_) {
    return press_in_prompt(pressed, steering);
  }
  note_.clear();
  switch (pressed.key) {
    case Key::character:
      return press_character(pressed.character, steering);
    case Key::up:
      return say(steering.change_rate(all_sessions, Direction::forward));
    case Key::down:
      return say(steering.change_rate(all_sessions, Direction::back));
    case Key::right:
      return say(steering.seek_by(all_sessions, short_seek_ns));
    case Key::left:
      return say(steering.seek_by(all_sessions, -short_seek_ns));
    case Key::shift_right:
      return say(steering.seek_by(all_sessions, long_seek_ns));
    case Key::shift_left:
      return say(steering.seek_by(all_sessions, -long_seek_ns));
    case Key::enter:
    case Key::erase:
    case Key::escape:
      return;
  }
}

void ReplayKeys::press_character(char key, Steering& steering) {
  switch (key) {
    case ' ':
      return say(steering.toggle_pause(all_sessions));
    case '.':
      return say(steering.step(all_sessions, Direction::forward));
    case ',':
      return say(steering.step(all_sessions, Direction::back));
    case '+':
      return say(steering.change_rate(all_sessions, Direction::forward));
    case '-':
      return say(steering.change_rate(all_sessions, Direction::back));
    case '1':
      return say(steering.set_rate(all_sessions, Rate()));
    case ']':
      return say(steering.seek_mark(all_sessions, Direction::forward));
    case '[':
      return say(steering.seek_mark(all_sessions, Direction::back));
    case 'm':
      return say(steering.mark(all_sessions, std::nullopt, "set by key"));
    case '/':
      asks_event_ = true;
      event_.clear();
      note_ = "event: ";
      return;
    case '?':
      help_ = true;
      return;
    case 'q':
      quit_ = true;
      stop_.request();
      return;
    default:
      note_ = "? shows the keys";
  }
}

void ReplayKeys::press_in_prompt(const Pressed& pressed, Steering& steering) {
  switch (pressed.key) {
    case Key::character:
      if (event_.size() < event_bytes_max) {
        event_ += pressed.character;
      }
      break;
    case Key::erase:
      if (!event_.empty()) {
        event_.pop_back();
      }
      break;
    case Key::enter:
      asks_event_ = false;
      last_event_ = event_.empty() ? last_event_ : event_;
      note_.clear();
      if (!last_event_.empty()) {
        say(steering.seek_event(all_sessions, last_event_));
      }
      return;
    case Key::escape:
      asks_event_ = false;
      note_.clear();
      return;
    case Key::up:
    case Key::down:
    case Key::left:
    case Key::right:
    case Key::shift_left:
    case Key::shift_right:
      return;
  }
  note_ = "event: " + event_;
}

ReplayConsole::ReplayConsole(replayer::StopRequest& stop, bool shows)
    : terminal_(Terminal::open()),
      keys_(stop),
      shows_(shows && ::isatty(STDERR_FILENO) == 1 && !log_is_on_stderr()) {}

ReplayConsole::~ReplayConsole() {
  clear();
}

replayer::Console ReplayConsole::console() {
  replayer::Console console;
  if (terminal_) {
    console.fd = [this] { return terminal_->fd(); };
    console.heed = [this](Steering& steering) { heed(steering); };
  }
  if (terminal_ || shows_) {
    console.show = [this](Steering& steering) { show(steering); };
  }
  return console;
}

void ReplayConsole::clear() {
  if (std::exchange(shown_, false)) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
  }
}

void ReplayConsole::heed(Steering& steering) {
  const auto pressed = terminal_->read();
  if (pressed.empty()) {
    return;
  }
  for (const Pressed& one : pressed) {
    keys_.press(one, steering);
  }
  if (keys_.take_help() && shows_) {
    clear();
    std::fputs(keys_help().data(), stderr);
  }
  show(steering);
}

void ReplayConsole::show(const Steering& steering) {
  if (!shows_ || (terminal_ && terminal_->fd() < 0)) {
    return;  // the terminal is another job's for now
  }
  const std::string& note = keys_.note();
  const std::string line =
      printable(note.empty() ? status_line(steering) : note + "  | " + status_line(steering));
  std::fprintf(stderr, "\r\x1b[K%s", fitted(line, columns()).c_str());
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace tapedeck::cli
