// The keys of a terminal, one by one: read as they are pressed, and the terminal as it was
// afterwards, whatever ends the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tapedeck::cli {

enum class Key : std::uint8_t {
  character,  ///< printable ASCII, a space too
  enter,
  erase,
  escape,
  up,
  down,
  left,
  right,
  shift_left,
  shift_right,
};

struct Pressed {
  Key key = Key::character;
  char character = 0;  ///< of Key::character

  friend bool operator==(const Pressed&, const Pressed&) = default;
};

/// From the bytes of a terminal to keys. What it does not know is left out.
class KeyReader {
 public:
  void push(std::string_view bytes);
  /// Nothing follows for now: an escape that has come alone is the key of that name.
  void settle();
  [[nodiscard]] std::vector<Pressed> take();

 private:
  void take_sequence(char last);

  std::string sequence_;  ///< of an escape that goes on
  std::vector<Pressed> pressed_;
};

/// The terminal on stdin, while this lives. Other signal handlers must have been set before, and
/// are theirs again afterwards; one at a time. Suspended and in the background it is as it was.
class Terminal {
 public:
  /// Null where stdin is none.
  [[nodiscard]] static std::unique_ptr<Terminal> open();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  /// Readable when a key was pressed; -1 while another job has the terminal.
  [[nodiscard]] int fd() const;
  /// What was pressed since the last call.
  [[nodiscard]] std::vector<Pressed> read();

 private:
  explicit Terminal(int fd);

  int fd_;
  KeyReader keys_;
};

}  // namespace tapedeck::cli
