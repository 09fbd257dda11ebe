// An HTTP server that plays frames as server-sent events: `/events` for any SSE client, and the
// Infinity client REST API under `/api/client/v2/conferences/ALIAS/`, so far as an unmodified
// @pexip/infinity 17.7.0 to 20.0.0 needs it to join, stay and leave.
//
// One thread, the caller's: run() serves until it is told to stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/frame_source.hpp"
#include "replayer/address.hpp"
#include "replayer/admission.hpp"
#include "replayer/answer.hpp"
#include "replayer/call.hpp"
#include "replayer/deck.hpp"
#include "replayer/faithful_source.hpp"
#include "replayer/fault_plan.hpp"
#include "replayer/join_info.hpp"
#include "replayer/journal.hpp"
#include "replayer/limits.hpp"
#include "replayer/members.hpp"
#include "replayer/pause_switch.hpp"
#include "replayer/reel.hpp"
#include "replayer/steering.hpp"
#include "replayer/stop_request.hpp"
#include "replayer/timeline.hpp"
#include "replayer/tls.hpp"

namespace tapedeck::replayer {

/// Where a transfer led on the recording.
struct Transfer {
  Position position;  ///< behind it
  Role role = Role::host;
};

/// What is played. A failure keeps that client out, and its message is what the client is told.
struct Programme {
  /// Opens the frames for one stream, or for all where they share one. An error of usage: there are
  /// none for this client, whose token is good no longer. Must be there.
  std::function<Result<std::unique_ptr<port::FrameSource>>(const JoinInfo&)> open_stream = {};
  /// For Sharing::separate, and for `losses`: opens what follows on a position. Not
  /// set: who reconnects begins anew.
  std::function<Result<std::unique_ptr<port::FrameSource>>(const Position&)> reopen = {};
  /// The position of who had this event id last (Last-Event-ID); nothing: it is on no frame. Not
  /// set: such ids are not heeded.
  std::function<Result<std::optional<Position>>(std::string_view id)> find_event_id = {};
  /// For Sharing::shared: opens what tells a client that comes after the frame `seq` how things
  /// stand; it is sent at once. With `rewrite` also for one that comes before the first frame, 0.
  /// Not set: nobody is told.
  std::function<Result<std::unique_ptr<port::FrameSource>>(std::uint64_t seq)> open_state = {};
  /// A connection is lost where it was on the recording, and so long nobody gets a stream. Needs
  /// `reopen`. Not set: streams go on.
  Losses losses = {};
  /// The programme of the conference `alias` where there are several: what is above is asked of
  /// that one, and with Sharing::shared each has a time of its own. A failure is told to the
  /// client. It must outlive the server. Not set: this one is everybody's.
  std::function<Result<const Programme*>(std::string_view alias)> conference = {};
  /// What is steered: without it nothing seeks. It must outlive the server.
  Reel* reel = nullptr;
  /// Somebody has joined, and will ask for a stream.
  std::function<Result<Entrance>(const JoinInfo&)> join = {};
  /// The role that the one-time token of a transfer gives in the conference `alias`, once; nothing:
  /// it is not good there. Not set: a transfer is a join as any other, but for `find_transfer`.
  std::function<std::optional<Role>(std::string_view alias, std::string_view token)> redeem = {};
  /// The transfer with this one-time token, where it has been played: who joins with it goes on
  /// there where each stream is one's own, and is not asked for a PIN. Of each conference its own.
  /// Not set: none is known.
  std::function<std::optional<Transfer>(std::string_view token)> find_transfer = {};
  /// The participant_uuid for who joins at this moment; "": as ServerOptions says. Of each
  /// conference its own. Not set: always that.
  std::function<std::string(const Moment&)> participant_at = {};
  /// Somebody who had joined has left. Of each conference its own.
  std::function<void(const JoinInfo&)> leave = {};
  /// Somebody who has joined asks or does something; may change what is answered, and gives what
  /// is to be told of it. Of each conference its own. Not set: the API's answer, and nothing.
  std::function<std::vector<Told>(const Call&, Answer&)> call = {};
  /// What is sent on this timeline in place of a whole block; nothing: the block as it is; "":
  /// nothing is sent. Of each conference its own, and not for those who watch a timeline of their
  /// own without having joined. Not set: blocks go out as they are.
  std::function<std::optional<std::string>(std::uint64_t timeline, const port::Frame&)> rewrite =
      {};
};

enum class Sharing {
  separate,  ///< each stream has a source of its own, whose time begins with it; who reconnects
             ///< with the token of a join goes on after what the connection took
  shared,    ///< all have one source, whose time begins with the first; who comes later is told
             ///< how things stand, and gets what is due from then on
  live,      ///< each stream has a source of its own and ends with it; time began for all when the
             ///< server did, and frames up to JoinInfo::now_ns are due at once
};

struct ServerOptions {
  Address address = {};
  /// Allows an address that is not a loopback one.
  bool allow_remote = false;
  /// Speaks TLS as this one; nothing: plain HTTP.
  std::optional<ServerIdentity> identity = {};
  Sharing sharing = Sharing::separate;
  /// For Sharing::live the rate must be limited and `from_ns` 0.
  TimelineOptions timeline = {};
  /// With Sharing::shared: time begins with run(), not with the first stream.
  bool at_once = false;
  /// What was received at another time goes out in a write of its own, as far as a client keeps up.
  bool chunks = false;
  /// Lets all timelines stand still and go on; must outlive the server. Null: nobody does.
  PauseSwitch* pause = nullptr;
  /// Serves `/tapedeck/v1/`, by which the timelines are steered. Every programme has a reel then.
  bool steered = false;
  /// Somebody at a terminal who steers too.
  Console console = {};
  /// Frames go out when they are due to a microsecond, at the cost of a core.
  bool precise = false;
  /// Ends the server when a source is over and what it gave has been sent. Otherwise a stream
  /// whose source is over stays open, as a meeting in which nothing happens does.
  bool once = false;
  /// Ends the server this long after run() began; nothing: only the ways above do.
  std::optional<std::int64_t> for_ns = {};
  /// The participant_uuid for the n-th join, counted from 1, of the conference `alias`. Nothing:
  /// default_participant_uuid for every one.
  std::function<std::string(std::uint64_t, std::string_view alias)> participant_uuid = {};
  Admission admission = {};
  TokenRules tokens = {};
  /// What goes wrong; null: nothing. Must outlive the server. The `t` of a fault is a time of the
  /// source; for Sharing::live it counts from the beginning of the stream.
  FaultPlan* faults = nullptr;
  ServerLimits limits = {};
  /// Is told what the server does; nothing: nobody wants to know.
  Journal journal = {};
  /// One line for people about something that happened; nothing: silence.
  std::function<void(std::string_view)> log = {};
};

struct ServerReport {
  PlayReport played;
  std::optional<Error> failure;           ///< the first of a source
  std::uint64_t streams = 0;              ///< opened in all
  std::uint64_t streams_dropped = 0;      ///< for not keeping up
  std::uint64_t joins = 0;                ///< request_token answered with a token
  std::uint64_t connections = 0;          ///< accepted in all
  std::uint64_t connections_refused = 0;  ///< closed at once, over the limit
};

class Server {
 public:
  /// Reads the certificate, if there is one, and binds the address. From here on connections are
  /// accepted by the system, and served by run().
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(ServerOptions options,
                                                              Programme programme);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// `http://127.0.0.1:8080`, or with https, with the port that was picked.
  [[nodiscard]] const std::string& url() const;

  /// Serves until `stop` is requested, or with `once` until a source is over; then ends every
  /// stream as HTTP says, so that its client has all bytes. A source that fails ends its streams
  /// in the way that a broken connection does, and is in the report.
  Result<void> run(StopRequest& stop);

  [[nodiscard]] ServerReport report() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::replayer
