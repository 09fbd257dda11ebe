#include "cli/replay_served.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/listen_options.hpp"
#include "cli/output.hpp"
#include "cli/replay_frames.hpp"
#include "cli/replay_keys.hpp"
#include "cli/replay_report.hpp"
#include "core/base/join_defaults.hpp"
#include "core/base/units.hpp"
#include "replayer/pause_switch.hpp"
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

/// A tape, and how it is played to those who join it.
struct Conference {
  std::string alias;
  std::unique_ptr<schema::TapeReader> owned;  ///< null: the tape is somebody else's
  std::unique_ptr<ServedFrames> frames;
  std::string self;
  replayer::Programme programme;
};

Result<void> prepare(Conference& conference, const schema::TapeReader& tape,
                     const std::string& path, const ReplayWishes& wishes) {
  auto frames = ServedFrames::prepare(tape, wishes, path);
  if (!frames) {
    return fail(frames.error());
  }
  conference.frames = *std::move(frames);
  conference.self =
      wishes.self.value_or(tape.value("self").value_or(std::string(default_participant_uuid)));
  ServedFrames& served = *conference.frames;
  replayer::Programme& programme = conference.programme;
  programme.reel = &served;
  programme.open_stream = [&served](const replayer::JoinInfo&) { return served.open(); };
  programme.reopen = [&served](const replayer::Position& at) { return served.reopen(at); };
  programme.open_state = [&served](std::uint64_t seq) { return served.open_state(seq); };
  programme.find_event_id = [&served](std::string_view id) { return served.find_event_id(id); };
  if (wishes.faithful) {
    programme.losses = [&served](std::uint32_t connection_id, std::uint32_t next_connection_id) {
      return served.loss_between(connection_id, next_connection_id);
    };
  }
  return {};
}

/// By alias; a conference stays where it is.
using Conferences = std::map<std::string, Conference, std::less<>>;

Failure two_of_one(const std::string& folder, const std::string& alias) {
  return fail_io("two tapes in '" + folder + "' are of the conference '" + alias +
                 "'; move one of them");
}

Result<Conferences> open_folder(const std::string& folder, const ReplayWishes& wishes) {
  Conferences conferences;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".tape") {
      continue;
    }
    auto tape = schema::TapeReader::open(entry->path().string());
    if (!tape) {
      return fail(tape.error());
    }
    const std::string alias = (*tape)->value("alias").value_or(entry->path().stem().string());
    const auto [added, is_new] = conferences.try_emplace(alias);
    if (!is_new) {
      return two_of_one(folder, alias);
    }
    added->second.alias = alias;
    added->second.owned = *std::move(tape);
    if (auto prepared =
            prepare(added->second, *added->second.owned, entry->path().string(), wishes);
        !prepared) {
      return fail(prepared.error());
    }
  }
  if (error) {
    return fail_io("cannot read the folder '" + folder + "': " + error.message());
  }
  if (conferences.empty()) {
    return fail_io("there is no .tape in '" + folder + "'");
  }
  return conferences;
}

Result<ExitCode> serve(replayer::ServerOptions options, replayer::Programme programme,
                       const ReplayWishes& wishes, FaultRun& faults,
                       const std::function<replayer::LeftOut()>& left_out) {
  replayer::StopRequest stop;
  stop.catch_signals();
  replayer::PauseSwitch pause;
  pause.catch_signal();
  options.address = wishes.address;
  options.allow_remote = wishes.allow_remote;
  options.identity = wishes.identity;
  options.sharing = wishes.sharing;
  options.timeline = wishes.timeline;
  options.at_once = wishes.at_once;
  options.chunks = wishes.chunks;
  options.pause = &pause;
  options.steered = true;
  options.precise = wishes.precise;
  options.once = wishes.once;
  options.faults = &faults.plan();
  options.journal = faults.journal();
  ReplayConsole terminal(stop, true);
  options.console = terminal.console();
  options.log = [&](std::string_view sentence) {
    terminal.clear();
    say(sentence);
  };
  const auto server = replayer::Server::listen(std::move(options), std::move(programme));
  if (!server) {
    return fail(server.error());
  }
  if (auto announced = announce((*server)->url()); !announced) {
    return fail(announced.error());
  }
  const auto ran = (*server)->run(stop);
  terminal.clear();
  if (!ran) {
    return fail(ran.error());
  }
  const replayer::ServerReport report = (*server)->report();
  say_what_was_served(report, left_out());
  if (report.failure) {
    return fail(*report.failure);
  }
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> serve_tape(const schema::TapeReader& tape, const ReplayWishes& wishes,
                            FaultRun& faults) {
  Conference conference;
  if (auto prepared = prepare(conference, tape, path_of_marks(wishes), wishes); !prepared) {
    return fail(prepared.error());
  }
  replayer::ServerOptions options;
  options.participant_uuid = [&](std::uint64_t, std::string_view) { return conference.self; };
  return serve(std::move(options), conference.programme, wishes, faults,
               [&] { return conference.frames->left_out(); });
}

Result<ExitCode> serve_folder(const std::string& folder, const ReplayWishes& wishes,
                              FaultRun& faults) {
  const auto conferences = open_folder(folder, wishes);
  if (!conferences) {
    return fail(conferences.error());
  }
  replayer::ServerOptions options;
  options.participant_uuid = [&](std::uint64_t, std::string_view alias) {
    const auto found = conferences->find(alias);
    return found == conferences->end() ? std::string(default_participant_uuid) : found->second.self;
  };
  std::string names;
  for (const auto& [alias, conference] : *conferences) {
    options.admission.aliases.push_back(alias);
    names += (names.empty() ? "" : ", ") + alias;
  }
  replayer::Programme programme;
  programme.conference = [&, names](std::string_view alias) -> Result<const replayer::Programme*> {
    const auto found = conferences->find(alias);
    if (found == conferences->end()) {
      return fail_io("Here are several conferences, each at /events/ALIAS: " + names);
    }
    return &found->second.programme;
  };
  return serve(std::move(options), std::move(programme), wishes, faults, [&] {
    replayer::LeftOut sum;
    for (const auto& [alias, conference] : *conferences) {
      sum.torn_blocks += conference.frames->left_out().torn_blocks;
      sum.byte_order_marks += conference.frames->left_out().byte_order_marks;
    }
    return sum;
  });
}

}  // namespace tapedeck::cli
