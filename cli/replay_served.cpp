#include "cli/replay_served.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/journal_file.hpp"
#include "cli/listen_options.hpp"
#include "cli/output.hpp"
#include "cli/replay_frames.hpp"
#include "cli/replay_keys.hpp"
#include "cli/replay_report.hpp"
#include "cli/served_calls.hpp"
#include "core/base/join_defaults.hpp"
#include "core/base/units.hpp"
#include "replayer/pause_switch.hpp"
#include "replayer/seamless_source.hpp"
#include "replayer/server.hpp"
#include "replayer/steady_clock.hpp"
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
  std::unique_ptr<ServedCalls> calls;
  replayer::Programme programme;
};

/// Where what happens is noted beside stderr.
class ReplayJournal {
 public:
  /// Makes the file, if there is to be one.
  static Result<std::unique_ptr<ReplayJournal>> begin(const ReplayWishes& wishes,
                                                      FaultRun& faults) {
    std::unique_ptr<ReplayJournal> journal(new ReplayJournal(faults.journal()));
    if (wishes.journal) {
      auto file = JournalFile::create(*wishes.journal, wishes.faults.overwrite);
      if (!file) {
        return fail(file.error());
      }
      journal->file_ = *std::move(file);
    }
    return journal;
  }

  /// For a server, which it must outlive; nothing where nobody wants to know.
  [[nodiscard]] replayer::Journal hook() {
    if (!file_) {
      return fault_log_;
    }
    return [this](const replayer::JournalEntry& entry) {
      if (fault_log_) {
        fault_log_(entry);
      }
      replayer::JournalEntry timed = entry;
      timed.now_ns = now_ns();
      file_->note(timed);
    };
  }

  void note(const ComparedCommand& command) {
    if (file_) {
      file_->note(command, now_ns());
    }
  }

  [[nodiscard]] Result<void> finish() { return file_ ? file_->finish() : Result<void>(); }

 private:
  explicit ReplayJournal(replayer::Journal fault_log) : fault_log_(std::move(fault_log)) {}

  [[nodiscard]] std::int64_t now_ns() const { return replayer::steady_now_ns() - started_ns_; }

  replayer::Journal fault_log_;
  std::unique_ptr<JournalFile> file_;
  std::int64_t started_ns_ = replayer::steady_now_ns();
};

/// Where a transfer leads that was played, and as who; nothing: it was not, or cannot be read.
std::optional<replayer::Transfer> transfer_of(const ServedFrames& frames, const ServedCalls& calls,
                                              std::string_view token) {
  const auto behind = frames.find_transfer(token);
  if (!behind || !*behind) {
    return std::nullopt;
  }
  const RecordedJoin* join = calls.joined_at({.seq = (*behind)->seq, .at_ns = (*behind)->at_ns});
  return replayer::Transfer{.position = **behind,
                            .role = join != nullptr ? join->role : replayer::Role::host};
}

Result<void> prepare(Conference& conference, const schema::TapeReader& tape, TapeMarks marks,
                     const ReplayWishes& wishes, ReplayJournal& journal) {
  auto frames = ServedFrames::prepare(tape, wishes, std::move(marks));
  if (!frames) {
    return fail(frames.error());
  }
  conference.frames = *std::move(frames);
  conference.self =
      wishes.self.value_or(tape.value("self").value_or(std::string(default_participant_uuid)));
  ServedFrames& served = *conference.frames;
  auto prepared = ServedCalls::prepare(
      tape, served, {.react = wishes.react, .compared = [&journal](const ComparedCommand& command) {
                       journal.note(command);
                     }});
  if (!prepared) {
    return fail(prepared.error());
  }
  conference.calls = *std::move(prepared);
  ServedCalls& calls = *conference.calls;
  replayer::Programme& programme = conference.programme;
  programme.reel = &served;
  programme.open_stream = [&served](const replayer::JoinInfo&) { return served.open(); };
  programme.reopen = [&served](const replayer::Position& at) { return served.reopen(at); };
  programme.open_state = [&calls](std::uint64_t seq) { return calls.open_state(seq); };
  programme.find_transfer = [&served, &calls](std::string_view token) {
    return transfer_of(served, calls, token);
  };
  if (!wishes.self) {
    programme.participant_at = [&calls](const replayer::Moment& moment) {
      const RecordedJoin* join = calls.joined_at(moment);
      return join != nullptr ? join->participant_uuid : std::string();
    };
  }
  programme.find_event_id = [&served](std::string_view id) { return served.find_event_id(id); };
  programme.call = [&calls](const replayer::Call& call, replayer::Answer& answer) {
    return calls.call(call, answer);
  };
  programme.leave = [&calls](const replayer::JoinInfo& who) { calls.leave(who); };
  if (wishes.react) {
    programme.rewrite = [&calls](std::uint64_t timeline, const port::Frame& frame) {
      return calls.rewrite(timeline, frame);
    };
  }
  if (wishes.faithful) {
    programme.losses = [&served](std::uint32_t connection_id, std::uint32_t next_connection_id) {
      return served.loss_between(connection_id, next_connection_id);
    };
  }
  return {};
}

/// By alias; a conference stays where it is.
using Conferences = std::map<std::string, Conference, std::less<>>;

void say_what_was_commanded(const Conference& conference) {
  if (const std::string summary = conference.calls->summary(); !summary.empty()) {
    say((conference.alias.empty() ? "" : conference.alias + ": ") + summary);
  }
}

/// Asks for a PIN where the command line says so, or else where the recorded client was asked.
/// `find` gives the conference of an alias, or null.
replayer::Admission admission_of(const ReplayWishes& wishes,
                                 std::function<const Conference*(std::string_view)> find) {
  replayer::Admission admission = wishes.admission;
  if (admission.host_pin.empty() && !wishes.no_pin) {
    admission.any_pin = [find = std::move(find)](std::string_view alias) {
      const Conference* conference = find(alias);
      return conference == nullptr ? std::nullopt : conference->calls->asked_pin();
    };
  }
  return admission;
}

Failure two_of_one(const std::string& folder, const std::string& alias) {
  return fail_io("two tapes in '" + folder + "' are of the conference '" + alias +
                 "'; move one of them");
}

Result<Conferences> open_folder(const std::string& folder, const ReplayWishes& wishes,
                                ReplayJournal& journal, NewMarks& fresh) {
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
    auto marks = TapeMarks::read(*added->second.owned, entry->path().string(), fresh);
    if (!marks) {
      return fail(marks.error());
    }
    if (auto prepared =
            prepare(added->second, *added->second.owned, *std::move(marks), wishes, journal);
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

/// What is the same for one tape and a folder.
Result<ExitCode> serve(replayer::ServerOptions options, replayer::Programme programme,
                       const ReplayWishes& wishes, FaultRun& faults, ReplayJournal& journal,
                       const std::function<void(const replayer::ServerReport&)>& say_in_the_end) {
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
  options.journal = journal.hook();
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
  const auto journalled = journal.finish();
  if (!ran || !journalled) {
    return fail(!ran ? ran.error() : journalled.error());
  }
  const replayer::ServerReport report = (*server)->report();
  say_in_the_end(report);
  if (report.failure) {
    return fail(*report.failure);
  }
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> serve_tape(const schema::TapeReader& tape, const ReplayWishes& wishes,
                            FaultRun& faults, NewMarks& marks) {
  const auto journal = ReplayJournal::begin(wishes, faults);
  if (!journal) {
    return fail(journal.error());
  }
  auto own_marks = TapeMarks::read(tape, path_of_marks(wishes), marks);
  if (!own_marks) {
    return fail(own_marks.error());
  }
  Conference conference;
  if (auto prepared = prepare(conference, tape, *std::move(own_marks), wishes, **journal);
      !prepared) {
    return fail(prepared.error());
  }
  replayer::ServerOptions options;
  options.participant_uuid = [&](std::uint64_t, std::string_view) { return conference.self; };
  options.admission = admission_of(wishes, [&](std::string_view) { return &conference; });
  return serve(std::move(options), conference.programme, wishes, faults, **journal,
               [&](const replayer::ServerReport& report) {
                 say_what_was_served(report, conference.frames->left_out());
                 say_what_was_commanded(conference);
               });
}

Result<ExitCode> serve_folder(const std::string& folder, const ReplayWishes& wishes,
                              FaultRun& faults, NewMarks& marks) {
  const auto journal = ReplayJournal::begin(wishes, faults);
  if (!journal) {
    return fail(journal.error());
  }
  const auto conferences = open_folder(folder, wishes, **journal, marks);
  if (!conferences) {
    return fail(conferences.error());
  }
  const auto find = [&](std::string_view alias) {
    const auto found = conferences->find(alias);
    return found == conferences->end() ? nullptr : &found->second;
  };
  replayer::ServerOptions options;
  options.participant_uuid = [&](std::uint64_t, std::string_view alias) {
    const Conference* conference = find(alias);
    return conference == nullptr ? std::string(default_participant_uuid) : conference->self;
  };
  options.admission = admission_of(wishes, find);
  std::string names;
  for (const auto& [alias, conference] : *conferences) {
    options.admission.aliases.push_back(alias);
    names += (names.empty() ? "" : ", ") + alias;
  }
  replayer::Programme programme;
  programme.conference = [&, names](std::string_view alias) -> Result<const replayer::Programme*> {
    const Conference* conference = find(alias);
    if (conference == nullptr) {
      return fail_io("Here are several conferences, each at /events/ALIAS: " + names);
    }
    return &conference->programme;
  };
  return serve(std::move(options), std::move(programme), wishes, faults, **journal,
               [&](const replayer::ServerReport& report) {
                 replayer::LeftOut sum;
                 for (const auto& [alias, conference] : *conferences) {
                   sum.torn_blocks += conference.frames->left_out().torn_blocks;
                   sum.byte_order_marks += conference.frames->left_out().byte_order_marks;
                 }
                 say_what_was_served(report, sum);
                 for (const auto& [alias, conference] : *conferences) {
                   say_what_was_commanded(conference);
                 }
               });
}

}  // namespace tapedeck::cli
