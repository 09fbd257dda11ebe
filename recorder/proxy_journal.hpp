// What passes between clients and a node, onto tapes: for each participant that joins through the
// proxy one, with its event streams byte for byte and its REST requests without their secrets.
//
// A tape is the view of one participant, as everywhere in tapedeck: two clients of one conference
// get two streams with different contents, so they get two tapes. Who is who is told by tokens: the
// answer to request_token begins a tape, and what carries that token, or one that refresh_token put
// in its place, belongs onto it. Owns no socket and does not wait. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/recording_sink.hpp"
#include "recorder/join_protocol.hpp"
#include "recorder/proxy_message.hpp"
#include "recorder/recording.hpp"
#include "recorder/redact.hpp"

namespace tapedeck::recorder {

/// Somebody whose view is to be recorded.
struct ProxyJoin {
  std::string alias;             ///< of the conference, decoded
  std::string participant_uuid;  ///< "" where the join itself was not seen
};

/// What is recorded onto.
struct ProxyTape {
  std::unique_ptr<port::RecordingSink> sink;  ///< null: this one is not to be recorded
  /// A clause on why the recording is to end, "" as long as it is not; may be empty.
  std::function<std::string()> why_stop = {};
};

struct ProxyJournalPorts {
  port::Clock& clock;  ///< must outlive the journal
  std::function<std::int64_t()> wall_now_ns;
  std::function<Result<ProxyTape>(const ProxyJoin&)> open_tape;
  std::function<void(const std::string& sentence)> log;
  OnTape on_tape = OnTape::placeholders;
  bool scrub = false;  ///< the streams too (ScrubbingSink)
};

struct ProxyTotals {
  std::uint32_t tapes = 0;
  std::uint32_t unfinished = 0;  ///< of these, those that something was lost of
  Totals recorded;
  std::uint64_t exchanges = 0;
};

class ProxyExchange;

class ProxyJournal {
 public:
  /// `node`: what its origin is called on tapes, e.g. "https://node.example".
  ProxyJournal(ProxyJournalPorts ports, std::string node)
      : ports_(std::move(ports)), node_(std::move(node)), redactor_(ports_.on_tape) {}
  ProxyJournal(const ProxyJournal&) = delete;
  ProxyJournal& operator=(const ProxyJournal&) = delete;
  ~ProxyJournal();

  /// A request has come; null where it is none for a tape. The journal must outlive what it gives.
  [[nodiscard]] std::unique_ptr<ProxyExchange> begin(const RequestLine& line,
                                                     const MessageHead& head);

  /// To be called some times a second: commits what is due and closes the tapes of those that left.
  void tick();

  /// Closes all tapes; nothing may follow.
  void finish();

  /// `text` without the secrets that have passed.
  [[nodiscard]] std::string redacted(const std::string& text) const { return redactor_.text(text); }

  [[nodiscard]] const ProxyTotals& totals() const { return totals_; }

 private:
  friend class ProxyExchange;
  struct View;

  void journal(ProxyExchange& exchange);
  void joined(const ProxyExchange& exchange, const Membership& membership);
  /// Its time begins `head_start_ns` ago.
  std::shared_ptr<View> open_view(ProxyJoin join, std::int64_t head_start_ns);
  void note(View& view, port::Exchange exchange);
  void survive(View& view, const Result<void>& done);
  void stop_where_asked(View& view);
  void close(View& view);
  [[nodiscard]] std::string headers_text(const std::vector<Header>& fields);

  ProxyJournalPorts ports_;
  std::string node_;
  Redactor redactor_;
  std::vector<std::shared_ptr<View>> views_;
  std::map<std::string, std::shared_ptr<View>> tokens_;  ///< null: not to be recorded
  /// Attempts to join that have not succeeded yet, by alias: a PIN was asked for, say.
  std::map<std::string, std::vector<port::Exchange>> attempts_;
  ProxyTotals totals_;
};

/// One request and its response, told as they pass. Its end is to be told, unless it is destroyed
/// before: then it never happened.
class ProxyExchange {
 public:
  void request_body(std::string_view bytes);
  /// The final response.
  void response(unsigned status, const MessageHead& head);
  /// What one read brought of the response's body, without chunk framing.
  void response_body(std::string_view bytes);
  /// `detail`: a clause on why, where it did not finish.
  void end(port::ConnectionEnd end, const std::string& detail);

 private:
  friend class ProxyJournal;
  explicit ProxyExchange(ProxyJournal& journal) : journal_(journal) {}
  void open_stream(const MessageHead& head);
  static void append(std::string& body, std::string_view bytes, bool& cut);

  ProxyJournal& journal_;
  port::Exchange exchange_;
  std::string conference_;  ///< the alias; "" where the request is of none
  std::string endpoint_;    ///< what follows the alias, without the query
  std::string token_;       ///< that the client showed
  std::string last_event_id_;
  std::string request_body_;
  std::string content_type_;
  std::string response_body_;
  bool cut_ = false;                            ///< a body is larger than its limit
  bool packed_ = false;                         ///< the response cannot be read
  std::shared_ptr<ProxyJournal::View> stream_;  ///< whose stream this is, while it is recorded
};

}  // namespace tapedeck::recorder
