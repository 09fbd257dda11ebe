// What a server has done, entry by entry, for who wants to hold against it what a client got.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <variant>

#include "replayer/join_info.hpp"

namespace tapedeck::replayer {

/// A request has been answered; the body of an event stream may follow.
struct RequestAnswered {
  std::string_view method;
  std::string_view path;  ///< without the query, which may hold a token
  int status = 0;
};
struct StreamOpened {
  const JoinInfo& who;
};
/// Handed to the connection: the client has it, unless the client ended the connection.
struct FrameSent {
  bool complete = true;
  std::string_view raw;
};
struct StreamClosed {
  bool by_server = false;
  bool broken = false;  ///< in the middle of the body, and by the server
};

/// What it refers to lives during the call.
struct JournalEntry {
  std::int64_t now_ns = 0;   ///< on the timeline, as JoinInfo::now_ns
  std::uint64_t stream = 0;  ///< from 1, in the order of opening; 0 for a request
  std::variant<RequestAnswered, StreamOpened, FrameSent, StreamClosed> what;
};

using Journal = std::function<void(const JournalEntry&)>;

}  // namespace tapedeck::replayer
