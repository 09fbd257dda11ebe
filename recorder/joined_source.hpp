// The event stream of a conference, joined as an API participant: token, stream, refresh, transfer,
// goodbye.
//
// It joins when it is opened first, keeps its membership over lost streams, and joins again when
// the node does not know the token any more. Where there are several nodes, one that fails makes
// room for the next, which is joined anew. What is said to a node beside the stream comes out as
// Exchanged. Nothing that it hands out holds a secret.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recorder/http_source.hpp"
#include "recorder/join_protocol.hpp"
#include "recorder/redact.hpp"
#include "recorder/refresh_schedule.hpp"
#include "recorder/request.hpp"
#include "recorder/rest_call.hpp"
#include "recorder/source.hpp"
#include "recorder/transport.hpp"

namespace tapedeck::recorder {

class EventLoop;

struct JoinOptions {
  std::vector<Url> nodes;  ///< at least one, in the order in which to try them; the target of each
                           ///< is what stands before /api
  JoinWishes wishes;
  bool follow = true;  ///< go where the node transfers us
  std::vector<Header> headers;
  std::function<std::int64_t()> wall_now_ns;  ///< Unix time
  Network network;
};

class JoinedSource final : public Source {
 public:
  /// `loop` and `redactor` must outlive the source.
  JoinedSource(EventLoop& loop, Redactor& redactor, JoinOptions options);

  [[nodiscard]] const std::string& name() const override { return name_; }
  /// Without a Last-Event-ID: the real client makes a new EventSource each time.
  void open(const std::string& last_event_id) override;
  [[nodiscard]] SourceEvent next(std::int64_t until_ns) override;
  void hold(bool held) override { held_ = held; }
  void close() override;
  void hear(const sse::Message& message) override;
  [[nodiscard]] bool leave() override;

  /// Of the first join, which is the one that a tape is about; "" before it.
  [[nodiscard]] const std::string& participant_uuid() const { return participant_uuid_; }
  /// Let in to the waiting room only, as of the last join.
  [[nodiscard]] bool waiting() const { return waiting_; }
  /// Why the node has disconnected us; nothing if it did not.
  [[nodiscard]] const std::optional<std::string>& dismissal() const { return dismissal_; }

 private:
  struct Joined {
    Membership membership;
    RefreshSchedule schedule;
  };

  void request_token(const std::string& pin);
  void open_stream();
  void refresh();
  void release(const std::string& reason);
  [[nodiscard]] std::unique_ptr<RestCall> post(const std::string& endpoint,
                                               std::vector<Header> headers,
                                               const std::string& body);

  // What has come of what is under way; Nothing: it goes on.
  [[nodiscard]] SourceEvent poll();
  [[nodiscard]] SourceEvent poll_join();
  [[nodiscard]] SourceEvent poll_stream();
  [[nodiscard]] SourceEvent obey();
  void poll_refresh();
  void poll_releases();
  [[nodiscard]] SourceEvent refused(const std::string& reason, bool worth_retrying,
                                    std::int64_t retry_after_ns = 0);
  /// The node did not let us join, or does not give the stream any more: joins at the next one, if
  /// this attempt has not asked it yet.
  [[nodiscard]] SourceEvent failed(Refused refusal);
  [[nodiscard]] const Url& node() const { return options_.nodes[node_]; }
  void ask_node();
  void leave_node();

  EventLoop& loop_;
  Redactor& redactor_;
  JoinOptions options_;
  std::string name_;

  std::size_t node_ = 0;            ///< of the nodes, the one that is asked
  std::size_t nodes_asked_ = 0;     ///< by this attempt
  bool opening_ = false;            ///< the attempt has come to nothing yet, good or bad
  std::int64_t answer_due_ns_ = 0;  ///< while it is: when the next node has its turn

  std::optional<Joined> joined_;
  std::unique_ptr<RestCall> joining_;
  std::unique_ptr<RestCall> refreshing_;
  std::vector<std::unique_ptr<RestCall>> releasing_;
  std::optional<HttpSource> stream_;
  std::deque<port::Exchange> exchanges_;  ///< not told yet

  std::string one_time_token_;             ///< of the transfer that the next join completes
  std::optional<Transfer> transfer_;       ///< heard and not obeyed yet
  std::optional<std::string> unfollowed_;  ///< where the node sent us and we did not go
  std::optional<std::string> dismissal_;
  bool held_ = false;
  bool leaving_ = false;
  bool waiting_ = false;
  std::string participant_uuid_;
};

}  // namespace tapedeck::recorder
