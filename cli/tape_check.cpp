#include "cli/tape_check.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/tape_examination.hpp"
#include "core/verdict/plugin_event_counts.hpp"

namespace tapedeck::cli {
namespace {

using verdict::Rule;
using verdict::Severity;

/// Largest expectation that is read: a roster of ten thousand, and every one of its changes.
constexpr std::size_t expectation_bytes_max = std::size_t{256} * 1024 * 1024;

/// The rule that a problem of the bytes breaks; nothing where the frames themselves will tell.
std::optional<Rule> rule_of(const schema::Problem& problem) {
  if (problem.rule == "tape.seq" || problem.rule == "tape.bytes") {
    return Rule::bytes_broken;
  }
  if (problem.rule == "tape.time") {
    return problem.seq == 0 ? std::optional(Rule::time_backwards) : std::nullopt;
  }
  return problem.rule == "tape.checkpoint" ? Rule::wrong_checkpoint : Rule::tape_damaged;
}

/// No expectation allows a tape that is not whole.
bool is_about_bytes(Rule rule) {
  return rule == Rule::tape_damaged || rule == Rule::bytes_broken || rule == Rule::wrong_checkpoint;
}

std::string_view expected_by(Rule rule) {
  return rule == Rule::bytes_broken       ? "the bytes that were received"
         : rule == Rule::time_backwards   ? "time that does not run backwards"
         : rule == Rule::wrong_checkpoint ? "checkpoints of frames that are on the tape"
                                          : "a whole tape";
}

Result<std::string> read_expectation(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    return fail_io("there is no expectation '" + path + "'; --update writes it");
  }
  auto input = Input::open(path);
  if (!input) {
    return fail(input.error());
  }
  std::string text;
  while (true) {
    const auto bytes = input->read();
    if (!bytes) {
      return fail(bytes.error());
    }
    if (bytes->empty()) {
      return text;
    }
    text += *bytes;
    if (text.size() > expectation_bytes_max) {
      return fail_io("the expectation '" + path + "' is larger than " +
                     std::to_string(expectation_bytes_max) + " bytes");
    }
  }
}

/// Writes `text` to a file beside `path` that then takes its place: a reader sees the old one or
/// the new one.
Result<void> write_expectation(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  const auto failed = [&](const char* what) {
    return fail_io("cannot " + std::string(what) + " the expectation '" + path +
                   "': " + std::strerror(errno));
  };
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    return failed("write");
  }
  Output output(fd, "'" + fresh + "'");
  auto written = output.write(text);
  if (written) {
    written = output.flush();
  }
  if (::close(fd) != 0 && written) {
    written = failed("write");
  }
  if (written && ::rename(fresh.c_str(), path.c_str()) != 0) {
    written = failed("replace");
  }
  if (!written) {
    ::unlink(fresh.c_str());
  }
  return written;
}

/// The way of one tape through all that judges it.
class TapeCheck {
 public:
  TapeCheck(const CheckOptions& options, TapeVerdict& verdict)
      : options_(options), verdict_(verdict) {}

  Result<void> run() {
    auto opened = ConferenceTape::open(verdict_.path);
    if (!opened) {
      return fail(opened.error());
    }
    conference_ = std::make_unique<ConferenceTape>(*std::move(opened));
    verdict_.summary = tape().summary();
    if (!options_.expectation_path.empty() && !options_.update) {
      if (auto read = read_expected(); !read) {
        return read;
      }
    }
    return judge();
  }

 private:
  [[nodiscard]] const schema::TapeReader& tape() const { return conference_->tape(); }

  Result<void> read_expected() {
    const auto text = read_expectation(options_.expectation_path);
    if (!text) {
      return fail(text.error());
    }
    auto expectation = verdict::Expectation::parse(*text);
    if (!expectation) {
      return fail_io("the expectation '" + options_.expectation_path + "' " +
                     expectation.error().message);
    }
    expectation_ = std::make_unique<verdict::Expectation>(*std::move(expectation));
    check_ = std::make_unique<verdict::ExpectationCheck>(*expectation_);
    return {};
  }

  Result<void> judge() {
    auto connections = tape().connections();
    if (!connections) {
      return fail(connections.error());
    }
    verdict_.connections = connections->size();
    Result<schema::ByteReport> bytes = schema::ByteReport{};
    auto examined = has_helpers() ? examine_with_helpers(bytes) : examine_alone(bytes);
    if (!examined) {
      return fail(examined.error());
    }
    verdict::Findings findings(options_.rules);
    if (auto judged = judge_bytes(bytes, findings); !judged) {
      return judged;
    }
    findings.append(examined->findings);
    if (examined->was_read && !options_.expectation_path.empty()) {
      if (auto held = hold(findings); !held) {
        return held;
      }
    }
    verdict_.state_digest = examined->state_digest;
    verdict_.findings = std::move(findings);
    return {};
  }

  /// Whether more threads than this one may read the tape. One that grows is for one reader: what
  /// one says of it must be of one moment.
  [[nodiscard]] bool has_helpers() const { return options_.alone && !verdict_.summary.recording; }

  /// Frames are read once: their bytes are checked, and then it is found out what they mean.
  Result<Examined> examine_alone(Result<schema::ByteReport>& bytes) {
    return examine(*conference_, options_.join(tape()), options_.rules,
                   [&](const schema::FrameVisit& visit) -> std::optional<Error> {
                     bytes = tape().verify_bytes(progress(), visit);
                     return bytes ? bytes->unread : bytes.error();
                   });
  }

  Result<Examined> examine_with_helpers(Result<schema::ByteReport>& bytes) {
    using Report = Result<schema::ByteReport>;
    auto pages = std::async(std::launch::async, [&]() -> Report {
      const auto own = schema::TapeReader::open(verdict_.path);
      return own ? (*own)->verify_pages() : Report(fail(own.error()));
    });
    Report rows = schema::ByteReport{};
    auto examined = examine_by_threads(
        *conference_, verdict_.path, options_.join(tape()), options_.rules,
        [&](const schema::FrameVisit& visit) -> std::optional<Error> {
          const auto own = schema::TapeReader::open(verdict_.path);
          rows = own ? (*own)->verify_rows(progress(), visit) : Report(fail(own.error()));
          return rows ? rows->unread : rows.error();
        });
    bytes = pages.get();
    if (bytes && rows) {
      bytes->append(*std::move(rows));
    } else if (bytes) {
      bytes = std::move(rows);
    }
    return examined;
  }

  Result<void> judge_bytes(const Result<schema::ByteReport>& report, verdict::Findings& findings) {
    if (!report) {
      return fail(report.error());
    }
    verdict_.frames = report->frame_count;
    verdict_.bytes = report->bytes;
    verdict_.bytes_digest = report->digest;
    for (const schema::Problem& problem : report->problems) {
      if (const auto rule = rule_of(problem)) {
        findings.add(*rule, {problem.seq, time_of(problem.seq), {}, {}}, expected_by(*rule),
                     problem.sentence);
      }
    }
    if (report->problems_omitted != 0) {
      findings.add(Rule::tape_damaged, {}, expected_by(Rule::tape_damaged),
                   std::to_string(report->problems_omitted) + " problems more");
    }
    if (!verdict_.summary.closed) {
      findings.add(
          Rule::tape_unclosed, {}, "a tape that was closed",
          verdict_.summary.recording ? "it is being recorded now" : "the recording was cut off");
    }
    return {};
  }

  /// When the frame arrived; 0 where it is not on the tape, or not as it should be.
  [[nodiscard]] std::int64_t time_of(std::uint64_t seq) const {
    const auto frames = tape().frames({.first_seq = seq, .last_seq = seq});
    if (!frames) {
      return 0;
    }
    const auto frame = (*frames)->next();
    return frame && *frame ? (*frame)->recv_ns : 0;
  }

  /// Holds the tape against its expectation, or writes that.
  Result<void> hold(const verdict::Findings& findings) {
    verdict_.expected = true;
    verdict::PluginEventCounts plugin_events(options_.join(tape()));
    verdict::TimelessState state(options_.join(tape()));
    verdict::ChangeCount changes;
    auto read = each_frame([&](const port::Frame& frame, std::int64_t wall_ns) {
      plugin_events.frame(frame, wall_ns);
      state.frame(frame);
      changes.after(state.reducer());
      if (check_) {
        check_->after(frame, state.reducer());
      }
    });
    if (!read) {
      return read;
    }
    plugin_events.finish();
    state.finish();
    const verdict::Totals totals{verdict_.frames, plugin_events.counts(), allowed(findings)};
    if (options_.update) {
      return write(totals, changes.changes());
    }
    check_->finish(totals, state.reducer());
    verdict_.departures = check_->departures();
    return {};
  }

  /// The findings that an expectation is about.
  static verdict::Tally allowed(const verdict::Findings& findings) {
    verdict::Tally tally;
    for (const verdict::RuleInfo& rule : verdict::rules()) {
      if (findings.count(rule.rule) != 0 && !is_about_bytes(rule.rule) &&
          findings.severity(rule.rule) != Severity::info) {
        tally.emplace(rule.id, findings.count(rule.rule));
      }
    }
    return tally;
  }

  Result<void> write(const verdict::Totals& totals, std::uint64_t changes) {
    verdict::TimelessState state(options_.join(tape()));
    verdict::ExpectationWriter writer(changes);
    auto read = each_frame([&](const port::Frame& frame, std::int64_t) {
      state.frame(frame);
      writer.after(frame, state.reducer());
    });
    if (!read) {
      return read;
    }
    state.finish();
    return write_expectation(options_.expectation_path, writer.finish(totals, state.reducer()));
  }

  template <class Visit>
  Result<void> each_frame(Visit visit) {
    ++passes_done_;
    return conference_->for_each_frame(visit, progress());
  }

  /// Tells how much of all passes over the frames is done, of which this is the next.
  schema::Progress progress() {
    const bool holds = !options_.expectation_path.empty();
    const double passes = !holds ? 1 : options_.update ? 3 : 2;
    const auto all = passes * static_cast<double>(verdict_.summary.frame_count);
    const auto before = static_cast<double>(passes_done_ * verdict_.summary.frame_count);
    if (!options_.progress || all == 0) {
      return {};
    }
    return [this, all, before](std::uint64_t frames) {
      options_.progress(std::min(1.0, (before + static_cast<double>(frames)) / all));
    };
  }

  const CheckOptions& options_;
  TapeVerdict& verdict_;
  std::unique_ptr<ConferenceTape> conference_;
  std::unique_ptr<verdict::Expectation> expectation_;
  std::unique_ptr<verdict::ExpectationCheck> check_;
  std::uint64_t passes_done_ = 0;
};

}  // namespace

bool TapeVerdict::passed() const {
  if (error || !departures.empty()) {
    return false;
  }
  return std::ranges::none_of(verdict::rules(), [&](const verdict::RuleInfo& rule) {
    const Severity severity = findings->severity(rule.rule);
    const bool fails = severity == Severity::error || (strict && severity == Severity::warning);
    return fails && findings->count(rule.rule) != 0 && (!expected || is_about_bytes(rule.rule));
  });
}

TapeVerdict check_tape(const std::string& path, const CheckOptions& options) {
  TapeVerdict verdict;
  verdict.path = path;
  verdict.strict = options.strict;
  auto run = TapeCheck(options, verdict).run();
  if (run) {
    return verdict;
  }
  verdict::Findings findings(options.rules);
  if (run.error().kind == ErrorKind::damaged && findings.wants(Rule::tape_damaged)) {
    findings.add(Rule::tape_damaged, {}, expected_by(Rule::tape_damaged), run.error().message);
    verdict.findings = std::move(findings);
  } else {
    verdict.error = run.error();
  }
  return verdict;
}

}  // namespace tapedeck::cli
