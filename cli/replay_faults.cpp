#include "cli/replay_faults.hpp"

#include <random>
#include <utility>

#include "cli/output.hpp"
#include "cli/replay_edits.hpp"
#include "cli/wall_clock.hpp"
#include "replayer/steady_clock.hpp"

namespace tapedeck::cli {
namespace {

/// The grammar in short.
std::string fault_help() {
  std::string text =
      "what goes wrong, as KIND:KEY=VALUE,...; repeat it for more. docs/FAULTS.md has all of it; "
      "of each kind an example:";
  for (const replayer::FaultSyntax& row : replayer::fault_syntax()) {
    text += "\n" + std::string(row.example) + ": " + std::string(row.meaning);
  }
  return text;
}

std::uint64_t chosen_seed() {
  return std::random_device()();
}

}  // namespace

void add_fault_options(Options& options) {
  options.add()("fault", po::value<std::vector<std::string>>()->value_name("SPEC"),
                fault_help().c_str())(
      "seed", po::value<std::string>()->value_name("S"),
      "what chance decides of the faults; the same seed does the same to the same bytes (one is "
      "chosen, and said)")("fault-log,o", po::value<std::string>()->value_name("TAPE"),
                           "write what was sent as a tape of its own")(
      "overwrite", "replace the tape of --fault-log and the file of --journal if they exist");
}

Result<FaultWishes> read_fault_wishes(const Values& values) {
  FaultWishes wishes;
  for (const std::string& text : values.texts("fault")) {
    auto fault = replayer::parse_fault(text);
    if (!fault) {
      return fail_usage("--fault: " + fault.error().message);
    }
    const bool is_of_requests =
        fault->kind == replayer::FaultKind::status || fault->kind == replayer::FaultKind::expire;
    if (is_of_requests && (values.has("stdout") || values.has("null"))) {
      return fail_usage("--fault: '" + text + "' goes with --listen: nobody asks for anything");
    }
    if (const std::string event(fault->name(replayer::FaultKey::event)); !event.empty()) {
      warn_of_unknown_event("fault", event);
    }
    wishes.faults.push_back(*std::move(fault));
  }
  const auto seed = values.whole("seed");
  if (!seed) {
    return fail(seed.error());
  }
  if (*seed) {
    wishes.seed = static_cast<std::uint64_t>(**seed);
  }
  wishes.log = values.text("fault-log");
  wishes.overwrite = values.has("overwrite");
  if (wishes.seed && wishes.faults.empty()) {
    return fail_usage("--seed goes with --fault");
  }
  if (wishes.overwrite && !wishes.log && !values.has("journal")) {
    return fail_usage("--overwrite goes with --fault-log TAPE or --journal FILE");
  }
  return wishes;
}

FaultRun::FaultRun(const FaultWishes& wishes, std::uint64_t seed)
    : any_(!wishes.faults.empty()),
      plan_(wishes.faults, seed),
      started_ns_(replayer::steady_now_ns()) {}

Result<std::unique_ptr<FaultRun>> FaultRun::begin(const FaultWishes& wishes,
                                                  const std::string& source) {
  const std::uint64_t seed = wishes.seed.value_or(chosen_seed());
  std::unique_ptr<FaultRun> run(new FaultRun(wishes, seed));
  if (wishes.log) {
    schema::TapeWriterOptions writing;
    writing.existing = wishes.overwrite ? schema::Existing::overwrite : schema::Existing::refuse;
    writing.can_append = false;
    writing.wall_now_ns = wall_now_ns();
    auto tape = schema::TapeWriter::open(*wishes.log, writing);
    if (!tape) {
      return fail(tape.error());
    }
    run->tape_ = *std::move(tape);
    if (auto described = run->describe(wishes.faults, seed); !described) {
      return fail(described.error());
    }
    run->log_.emplace(*run->tape_, source, writing.wall_now_ns);
  }
  if (run->any_) {
    say("the seed of the faults is " + std::to_string(seed));
  }
  return run;
}

/// Puts on the tape what it takes to do the same again.
Result<void> FaultRun::describe(const std::vector<replayer::Fault>& faults, std::uint64_t seed) {
  if (faults.empty()) {
    return {};
  }
  std::string text;
  for (const replayer::Fault& fault : faults) {
    text += (text.empty() ? "" : " ") + to_string(fault);
  }
  auto set = tape_->set("faults", text);
  return set ? tape_->set("fault_seed", std::to_string(seed)) : set;
}

replayer::Journal FaultRun::journal() {
  if (!log_) {
    return {};
  }
  return [this](const replayer::JournalEntry& entry) {
    log_->note(entry, replayer::steady_now_ns() - started_ns_);
  };
}

Result<void> FaultRun::finish() {
  if (any_) {
    say("faults: " + plan_.report());
  }
  if (!tape_) {
    return {};
  }
  const auto logged = log_->finish();
  auto finished = tape_->finish();
  return logged ? finished : logged;
}

}  // namespace tapedeck::cli
