// What the head of a response means to a client of event streams: rules without a socket.
//
// Source: WHATWG HTML, section 9.2 (status 200 and text/event-stream, 204 ends for good) and what
// browsers do, with the lenience of a client that must not lose a conference: what a load balancer
// says in passing (408, 425, 429, 5xx, a page in the place of the stream) is worth another attempt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapedeck::recorder {

/// Repeated fields are joined with ", "; "" where a field is missing.
struct ResponseHead {
  unsigned status = 0;
  std::string content_type;
  std::string content_encoding;
  std::string transfer_encoding;
  std::string location;
  std::string retry_after;
};

struct Judgement {
  enum class Kind {
    stream,    ///< the body is an event stream
    redirect,  ///< ask at `location`
    later,     ///< no stream now, perhaps later
    never,     ///< no stream, and asking again will not help
  };
  Kind kind = Kind::stream;
  std::string reason;  ///< a clause about the server ("it answered 404, ..."); "" for a stream
};

[[nodiscard]] Judgement judge(const ResponseHead& head);

/// `text/event-stream` in any case, whatever its parameters; what browsers accept.
[[nodiscard]] bool is_event_stream(std::string_view content_type);

/// The wait that a Retry-After asks for: seconds, or an IMF-fixdate against `wall_now_ns` (Unix
/// time); 0 when it is missing, past or something else. Saturates at limits::server_wait_ns_max.
[[nodiscard]] std::int64_t parse_retry_after(std::string_view value, std::int64_t wall_now_ns);

/// What a server sent, fit for a message: printable ASCII, other bytes as '?', no more than
/// `bytes_max` of them.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 80);

}  // namespace tapedeck::recorder
