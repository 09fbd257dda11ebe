#include "cli/fault_log.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "replayer/fault_plan.hpp"

namespace tapedeck::cli {
namespace {

/// The number of the only stream of a LoggedSink.
constexpr std::uint64_t only_stream = 1;

}  // namespace

FaultLog::FaultLog(port::RecordingSink& sink, std::string source, std::int64_t wall_start_ns)
    : sink_(sink), source_(std::move(source)), wall_start_ns_(wall_start_ns) {}

void FaultLog::note(const replayer::JournalEntry& entry, std::int64_t now_ns) {
  if (!written_) {
    return;
  }
  last_ns_ = std::max(last_ns_, now_ns);
  written_ = write(entry, last_ns_);
  if (written_) {
    written_ = sink_.commit_if_due(last_ns_);
  }
}

Result<void> FaultLog::write(const replayer::JournalEntry& entry, std::int64_t now_ns) {
  if (const auto* answered = std::get_if<replayer::RequestAnswered>(&entry.what)) {
    return answer(*answered, now_ns);
  }
  if (std::holds_alternative<replayer::StreamOpened>(entry.what)) {
    return open(entry.stream, now_ns);
  }
  if (const auto* sent = std::get_if<replayer::FrameSent>(&entry.what)) {
    return send(streams_.at(entry.stream), sent->raw, now_ns);
  }
  return close(entry.stream, std::get<replayer::StreamClosed>(entry.what), now_ns);
}

Result<void> FaultLog::open(std::uint64_t stream, std::int64_t now_ns) {
  if (gap_) {
    gap_->end_ns = now_ns;
    if (auto noted = sink_.note_gap(*std::exchange(gap_, {})); !noted) {
      return noted;
    }
  }
  const auto connection = sink_.open_connection({.opened_ns = now_ns,
                                                 .wall_ns = wall_start_ns_ + now_ns,
                                                 .source = source_,
                                                 .http_status = 0,
                                                 .headers = {},
                                                 .last_event_id = {}});
  if (!connection) {
    return fail(connection.error());
  }
  streams_[stream].connection_id = *connection;
  return {};
}

Result<void> FaultLog::accept(const Stream& stream, const sse::Block& block, std::int64_t now_ns) {
  return sink_.accept({.connection_id = stream.connection_id,
                       .recv_ns = now_ns,
                       .complete = block.complete,
                       .raw = block.raw});
}

Result<void> FaultLog::send(Stream& stream, std::string_view raw, std::int64_t now_ns) {
  stream.sent_bytes += raw.size();
  if (auto noted = sink_.note_read(stream.connection_id, stream.sent_bytes, now_ns); !noted) {
    return noted;
  }
  stream.splitter.push(raw);
  while (const auto block = stream.splitter.next()) {
    if (auto accepted = accept(stream, *block, now_ns); !accepted) {
      return accepted;
    }
  }
  return {};
}

Result<void> FaultLog::close(std::uint64_t number, const replayer::StreamClosed& closed,
                             std::int64_t now_ns) {
  Stream& stream = streams_.at(number);
  if (const auto rest = stream.splitter.finish()) {
    if (auto accepted = accept(stream, *rest, now_ns); !accepted) {
      return accepted;
    }
  }
  const auto [end, detail] =
      closed.broken      ? std::pair{port::ConnectionEnd::broken, "broken off by the replay"}
      : closed.by_server ? std::pair{port::ConnectionEnd::finished, ""}
                         : std::pair{port::ConnectionEnd::stopped, "the client went"};
  const std::uint32_t id = stream.connection_id;
  streams_.erase(number);
  if (closed.broken && streams_.empty()) {
    gap_ = {.after_connection = id, .start_ns = now_ns, .end_ns = now_ns, .reason = detail};
  }
  return sink_.close_connection(id, now_ns, end, detail);
}

Result<void> FaultLog::answer(const replayer::RequestAnswered& answered, std::int64_t now_ns) {
  if (answered.status == 200 && answered.path.ends_with("/events")) {
    return {};  // its stream is a connection
  }
  return sink_.note_exchange({.request_ns = now_ns,
                              .response_ns = now_ns,
                              .method = std::string(answered.method),
                              .target = std::string(answered.path),
                              .request_headers = {},
                              .request_body = {},
                              .status = answered.status,
                              .response_headers = {},
                              .response_body = {}});
}

LoggedSink::LoggedSink(replayer::PacedSink& sink, FaultLog& log) : sink_(sink), log_(log) {
  note(replayer::StreamOpened{.who = {}});
}

Result<void> LoggedSink::accept(const port::Frame& frame) {
  now_ns_ = frame.recv_ns;
  broken_ = replayer::is_cut(frame);
  if (!frame.raw.empty()) {
    note(replayer::FrameSent{.complete = frame.complete, .raw = frame.raw});
  }
  return sink_.accept(frame);
}

LoggedSink::~LoggedSink() {
  if (open_) {
    note(replayer::StreamClosed{.by_server = true, .broken = true});
  }
}

Result<void> LoggedSink::finish() {
  open_ = false;
  note(replayer::StreamClosed{.by_server = true, .broken = broken_});
  return sink_.finish();
}

void LoggedSink::note(decltype(replayer::JournalEntry::what) what) {
  log_.note({.now_ns = now_ns_, .stream = only_stream, .what = what}, now_ns_);
}

}  // namespace tapedeck::cli
