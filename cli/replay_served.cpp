#include "cli/replay_served.hpp"

#include <memory>
#include <string>
#include <utility>

#include "cli/listen_options.hpp"
#include "cli/output.hpp"
#include "cli/replay_frames.hpp"
#include "cli/replay_report.hpp"
#include "core/base/join_defaults.hpp"
#include "core/base/units.hpp"
#include "replayer/seamless_source.hpp"
#include "replayer/server.hpp"
#include "replayer/stop_request.hpp"

namespace tapedeck::cli {
namespace {

void say_what_was_served(const replayer::ServerReport& report, const replayer::LeftOut& left_out) {
  say("served " + counted(report.streams, "stream") + ", " + counted(report.joins, "join") + ", " +
      counted(report.streams_dropped, "client") + " dropped; " + summary(report.played));
  if (left_out.torn_blocks + left_out.byte_order_marks != 0) {
    say("left out of the streams what only reconnects explain: " +
        counted(left_out.torn_blocks, "torn block") + " and " +
        counted(left_out.byte_order_marks, "byte order mark"));
  }
  if (report.connections_refused != 0) {
    say("closed " + counted(report.connections_refused, "connection") +
        " at once, for too many were open");
  }
}

}  // namespace

Result<ExitCode> serve_tape(const schema::TapeReader& tape, const ReplayWishes& wishes,
                            FaultRun& faults) {
  replayer::StopRequest stop;
  stop.catch_signals();
  const auto frames = ServedFrames::prepare(tape, wishes);
  if (!frames) {
    return fail(frames.error());
  }
  ServedFrames& served = **frames;
  const std::string self =
      wishes.self.value_or(tape.value("self").value_or(std::string(default_participant_uuid)));
  replayer::Programme programme;
  programme.open_stream = [&](const replayer::JoinInfo&) { return served.open(); };
  programme.reopen = [&](const replayer::Position& at) { return served.reopen(at); };
  programme.open_state = [&](std::uint64_t seq) { return served.open_state(seq); };
  programme.find_event_id = [&](std::string_view id) { return served.find_event_id(id); };
  replayer::Losses losses;
  if (wishes.faithful) {
    losses = [&](std::uint32_t connection_id, std::uint32_t next_connection_id) {
      return served.loss_between(connection_id, next_connection_id);
    };
  }
  const auto server = replayer::Server::listen(
      {.address = wishes.address,
       .allow_remote = wishes.allow_remote,
       .identity = wishes.identity,
       .sharing = wishes.sharing,
       .timeline = wishes.timeline,
       .at_once = wishes.at_once,
       .losses = std::move(losses),
       .once = wishes.once,
       .participant_uuid = [&](auto) -> const std::string& { return self; },
       .faults = &faults.plan(),
       .journal = faults.journal(),
       .log = say},
      std::move(programme));
  if (!server) {
    return fail(server.error());
  }
  if (auto announced = announce((*server)->url()); !announced) {
    return fail(announced.error());
  }
  if (auto ran = (*server)->run(stop); !ran) {
    return fail(ran.error());
  }
  const replayer::ServerReport report = (*server)->report();
  say_what_was_served(report, served.left_out());
  if (report.failure) {
    return fail(*report.failure);
  }
  return ExitCode::done;
}

}  // namespace tapedeck::cli
