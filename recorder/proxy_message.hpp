// HTTP/1 messages as one who stands between needs them: the head to be read and changed, the body
// to be measured while it is passed on as it came.
//
// Source: RFC 9112, with the lenience of most receivers for a bare LF. What two receivers might
// understand differently is refused, for then the tape and the node would not mean the same. Push
// objects without a socket. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "recorder/request.hpp"

namespace tapedeck::recorder {

struct MessageHead {
  std::string start_line;  ///< without its line end
  std::vector<Header> fields;

  /// Repeated fields are joined with ", "; "" where it is missing.
  [[nodiscard]] std::string value(std::string_view name) const;
  void erase(std::string_view name);
  /// In the place of all fields of that name, or behind the others.
  void set(std::string_view name, std::string value);
  /// With the blank line.
  [[nodiscard]] std::string text() const;
};

struct RequestLine {
  std::string method;
  std::string target;
  std::string version;
};

[[nodiscard]] Result<RequestLine> parse_request_line(std::string_view line);
/// The status, 100 to 999.
[[nodiscard]] Result<unsigned> parse_status_line(std::string_view line);

class HeadReader {
 public:
  /// Takes what belongs to the head off the front of `bytes`. Nothing: it is not whole yet.
  [[nodiscard]] Result<std::optional<MessageHead>> take(std::string_view& bytes);

  /// Nothing of a head has come yet.
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

/// How much of the bytes behind a head is its body, and what they say without chunk framing.
class BodyReader {
 public:
  [[nodiscard]] static Result<BodyReader> of_request(const MessageHead& head);
  /// `method`: of the request. Not for interim responses.
  [[nodiscard]] static Result<BodyReader> of_response(const MessageHead& head, unsigned status,
                                                      std::string_view method);

  /// Takes what belongs to the body off the front of `bytes`; appends what it says to `content`.
  Result<void> take(std::string_view& bytes, std::string& content);

  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// Whether the body is whole when the connection ends now.
  [[nodiscard]] bool ends_here() const { return done() || state_ == State::until_close; }

 private:
  enum class State {
    length,       ///< `left_` bytes
    until_close,  ///< all that comes
    size,         ///< of a chunk
    extension,    ///< behind the size
    size_end,     ///< the LF behind the size
    data,         ///< `left_` bytes
    data_end,     ///< the line end behind the data
    trailer,      ///< lines, and then an empty one
    done,
  };

  /// What the head says: a length, chunks, or nothing of it.
  [[nodiscard]] static Result<std::optional<BodyReader>> framed(const MessageHead& head);
  explicit BodyReader(State state, std::uint64_t left = 0) : state_(state), left_(left) {}

  Result<void> step(char c);
  void begin_data();

  State state_;
  std::uint64_t left_;
  std::size_t line_bytes_ = 0;  ///< of the line of framing that is being read
};

}  // namespace tapedeck::recorder
