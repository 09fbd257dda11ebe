// Where a recording's bytes come from: one connection after the other, each a body in pieces.
//
// A source never blocks for longer than it is told to and never reconnects by itself; when to open
// again is the session's to decide. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/port/recording_sink.hpp"
#include "core/sse/message.hpp"

namespace tapedeck::recorder {

/// The connection is open; bytes follow. No field holds a secret.
struct Opened {
  std::string source;            ///< where the body really comes from, e.g. after redirects
  std::int64_t http_status = 0;  ///< 0 where there is no HTTP
  std::string headers;           ///< as in port::ConnectionStart
  std::string last_event_id;     ///< as sent
};

/// The connection could not be opened.
struct Refused {
  std::string reason;               ///< a clause, e.g. "connection refused"
  bool worth_retrying = true;       ///< false: it would be refused for ever
  std::int64_t retry_after_ns = 0;  ///< the least wait that the server asked for
};

/// The bytes of the body that one read brought, at least one; they live until the next call.
struct Arrived {
  std::string_view bytes;
};

/// The connection is over; to have another one, open again.
struct Ended {
  enum class Then {
    reopen,          ///< as the policy has it
    reopen_at_once,  ///< the stream goes on elsewhere
    never,           ///< the source has said goodbye
  };
  port::ConnectionEnd end = port::ConnectionEnd::finished;
  std::string detail;  ///< a clause
  Then then = Then::reopen;
};

/// A REST request has had its response, or none (status 0). Its times are of the session's clock.
struct Exchanged {
  port::Exchange exchange;
};

/// After `leave`: the node was told.
struct Left {};

/// Nothing yet: the time given has come, or a stop was asked for.
struct Nothing {};

using SourceEvent = std::variant<Nothing, Opened, Refused, Arrived, Ended, Exchanged, Left>;

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// For messages; holds no secret.
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// Begins to connect; the outcome comes from `next`. `last_event_id` is the stream's, "" if none.
  virtual void open(const std::string& last_event_id) = 0;

  /// What happened next, waiting for it until `until_ns` of the session's clock: after `open` an
  /// Opened or a Refused, after an Opened any number of Arrived and then an Ended, after `leave` a
  /// Left; an Exchanged at any time, and nothing else while it is closed.
  [[nodiscard]] virtual SourceEvent next(std::int64_t until_ns) = 0;

  /// While it is held nothing of the stream is read, so that it waits where it comes from, and
  /// `next` gives no Arrived; what there is to do beside the stream goes on.
  virtual void hold(bool held) = 0;

  /// Drops the connection, or the attempt, at once.
  virtual void close() = 0;

  /// The stream said this, for a source whose stream steers it. The views live during the call.
  virtual void hear(const sse::Message& /*message*/) {}

  /// Drops the connection and takes leave of the node where that is the custom. False: it is not,
  /// and nothing follows.
  [[nodiscard]] virtual bool leave() {
    close();
    return false;
  }
};

}  // namespace tapedeck::recorder
