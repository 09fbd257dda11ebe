// The faults of a replay: --fault, --seed and --fault-log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/fault_log.hpp"
#include "cli/options.hpp"
#include "core/base/result.hpp"
#include "replayer/fault_plan.hpp"
#include "replayer/journal.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {

struct FaultWishes {
  std::vector<replayer::Fault> faults = {};
  std::optional<std::uint64_t> seed = {};  ///< nothing: one is chosen
  std::optional<std::string> log = {};     ///< the tape that says what was sent
  bool overwrite = false;                  ///< it is replaced
};

void add_fault_options(Options& options);

[[nodiscard]] Result<FaultWishes> read_fault_wishes(const Values& values);

/// The faults of one run, from the seed that it says to the tape that it leaves.
class FaultRun {
 public:
  /// Makes the tape, if there is to be one, and says the seed. `source` is what is played.
  [[nodiscard]] static Result<std::unique_ptr<FaultRun>> begin(const FaultWishes& wishes,
                                                               const std::string& source);

  [[nodiscard]] replayer::FaultPlan& plan() { return plan_; }

  /// For a server; nothing where there is no tape to write. Must not outlive the run.
  [[nodiscard]] replayer::Journal journal();

  /// Null where there is no tape to write.
  [[nodiscard]] FaultLog* log() { return log_ ? &*log_ : nullptr; }

  /// Says what was done, and finishes the tape; fails where it could not be written.
  [[nodiscard]] Result<void> finish();

 private:
  FaultRun(const FaultWishes& wishes, std::uint64_t seed);

  Result<void> describe(const std::vector<replayer::Fault>& faults, std::uint64_t seed);

  bool any_;
  replayer::FaultPlan plan_;
  std::int64_t started_ns_;
  std::unique_ptr<schema::TapeWriter> tape_;
  std::optional<FaultLog> log_;
};

}  // namespace tapedeck::cli
