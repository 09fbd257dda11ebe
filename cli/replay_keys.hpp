// Steering a replay from a terminal: keys, and a line that tells how it stands.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"
#include "replayer/steering.hpp"
#include "replayer/stop_request.hpp"

namespace tapedeck::cli {

/// What the keys do, for people.
[[nodiscard]] std::string_view keys_help();

/// How a replay stands, in a line without its end.
[[nodiscard]] std::string status_line(const replayer::Steering& steering);

/// Turns keys into what they mean. Not thread-safe.
class ReplayKeys {
 public:
  /// `stop` must outlive it.
  explicit ReplayKeys(replayer::StopRequest& stop) : stop_(stop) {}

  void press(const Pressed& pressed, replayer::Steering& steering);

  /// What there is to say about the last key: a sentence, the text that is being typed, or "".
  [[nodiscard]] const std::string& note() const { return note_; }
  /// `?` was pressed since the last call.
  [[nodiscard]] bool take_help() { return std::exchange(help_, false); }
  /// `q` was pressed.
  [[nodiscard]] bool quit() const { return quit_; }

 private:
  void press_in_prompt(const Pressed& pressed, replayer::Steering& steering);
  void press_character(char key, replayer::Steering& steering);
  void say(const replayer::Steered& steered) { note_ = steered.sentence; }

  replayer::StopRequest& stop_;
  std::string note_;
  bool asks_event_ = false;
  std::string event_;       ///< as far as it is typed
  std::string last_event_;  ///< an empty answer is this one again
  bool help_ = false;
  bool quit_ = false;
};

/// The terminal of a replay: keys where stdin is one, the line where stderr is one. Nothing is said
/// where neither is.
class ReplayConsole {
 public:
  /// `stop` has caught its signals, and must outlive it. `shows`: whether there may be a line.
  ReplayConsole(replayer::StopRequest& stop, bool shows);
  ReplayConsole(const ReplayConsole&) = delete;
  ReplayConsole& operator=(const ReplayConsole&) = delete;
  ~ReplayConsole();

  /// It must outlive what is given back.
  [[nodiscard]] replayer::Console console();
  /// A line of something else follows.
  void clear();
  /// The stop was asked for by a key, and is no interruption.
  [[nodiscard]] bool quit() const { return keys_.quit(); }

 private:
  void heed(replayer::Steering& steering);
  void show(const replayer::Steering& steering);

  std::unique_ptr<Terminal> terminal_;
  ReplayKeys keys_;
  bool shows_;
  bool shown_ = false;
};

}  // namespace tapedeck::cli
