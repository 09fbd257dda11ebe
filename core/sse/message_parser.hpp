// Parses an event stream to messages exactly as a browser dispatches them, and as soon.
//
// WHATWG HTML, sections 9.2.5 and 9.2.6 ("Parsing" and "Interpreting an event stream"). A push
// object without socket or clock; bytes may be pushed in any chunks, frame by frame too. Memory is
// bounded by the two limits whatever is pushed. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/sse/line_scanner.hpp"
#include "core/sse/message.hpp"

namespace tapedeck::sse {

/// What the parser found next. Views are valid until the next call of the parser; data of one line
/// lies in the pushed bytes where that line came with the last push and is valid UTF-8.
struct Parsed {
  enum class Kind {
    message,
    retry,             ///< the stream set the reconnection time
    line_too_long,     ///< a line went over the limit; it is skipped as if it were not there
    message_too_long,  ///< the data of a message went over the limit; the message is dropped
  };
  Kind kind = Kind::message;
  Message message;
  std::uint64_t retry_ms = 0;  ///< saturates at the largest value
};

class MessageParser {
 public:
  /// `line_bytes_max` is the longest line, without its end; `message_bytes_max` the longest data.
  explicit MessageParser(std::size_t line_bytes_max = limits::line_bytes_max,
                         std::size_t message_bytes_max = limits::message_bytes_max);

  /// Hands in the next bytes of the stream; they must live until `next` has returned nothing, and
  /// nothing may be pushed before.
  void push(std::string_view bytes);

  /// The next thing found, or nothing until more bytes are pushed.
  [[nodiscard]] std::optional<Parsed> next();

  /// What a reconnect sends as Last-Event-ID: the id as of the last blank line, also where a block
  /// without data brought it. Valid until the next call of the parser.
  [[nodiscard]] std::string_view last_event_id() const { return last_event_id_; }

  /// A new connection begins: an unfinished message is dropped, and the last event id is again
  /// what the request said. An EventSource that reconnects keeps its id, a new one has none.
  void reset(std::string_view last_event_id = {});

  /// What goes on from one block of a stream to the next.
  struct Border {
    enum class Place : std::uint8_t { stream_begin, line_begin, after_cr };
    Place place = Place::stream_begin;
    std::string last_event_id;
  };

  /// Where `next` has returned nothing and nothing is unfinished; nothing in the middle of a
  /// block.
  [[nodiscard]] std::optional<Border> border() const;

  /// Goes on from where another parser was.
  void resume(const Border& border);

 private:
  enum class State {
    first_line,  ///< in the first line of the stream: a byte order mark at its start is dropped
    line,        ///< in a line or at its start
    after_cr,    ///< at the start of a line, where an LF belongs to the CR before
    long_line,   ///< in a line over the limit: skipped up to its end
  };

  /// A field of the message: borrowed where it lies as long as that is possible, then kept.
  class Field {
   public:
    /// Borrows `text`, or keeps it with U+FFFD where it is not UTF-8. `ascii`: known to be.
    void set(std::string_view text, bool ascii);
    void append_line(std::string_view text);
    void keep();
    void clear() { place_ = Place::none; }

    [[nodiscard]] bool given() const { return place_ != Place::none; }
    [[nodiscard]] std::string_view text() const;

   private:
    enum class Place { none, borrowed, kept };
    Place place_ = Place::none;
    std::string_view borrowed_;
    std::string kept_;
  };

  // What these find goes to `found`. `ascii`: no byte is above 0x7f. All are inlined: as calls they
  // take a quarter of the speed from small events.
  void take_field(std::string_view line, bool ascii, std::optional<Parsed>& found);
  void take_data(std::string_view value, bool ascii, std::optional<Parsed>& found);
  void dispatch(std::optional<Parsed>& found);

  std::size_t line_bytes_max_;
  std::size_t message_bytes_max_;
  ScanLine scan_line_ = fastest_line_scanner();
  State state_ = State::first_line;
  std::string_view rest_;   ///< pushed and not yet parsed
  std::string line_;        ///< the start of the current line, from earlier pushes
  bool line_ascii_ = true;  ///< none of its bytes is above 0x7f
  std::string whole_;       ///< the last line that was put together from pushes
  Field event_;
  Field data_;
  bool data_dropped_ = false;  ///< went over the limit
  Field id_;
  std::string last_event_id_;
};

}  // namespace tapedeck::sse
