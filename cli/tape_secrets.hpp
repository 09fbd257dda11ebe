// What a recording leaves of secrets on its tapes: --scrub and --keep-secrets, and the note of them
// (schema/FORMAT.md, the key `secrets`).
#pragma once

#include <memory>
#include <string>

#include "cli/options.hpp"
#include "cli/record_output.hpp"
#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "recorder/redact.hpp"

namespace tapedeck::cli {

enum class TapeSecrets {
  replaced,  ///< placeholders; in the stream they stay as they came
  scrubbed,  ///< placeholders, in the stream too
  kept,      ///< all as it came
};

/// Adds --scrub and --keep-secrets.
void add_secret_options(Options& options);

/// What these ask for. Warns of --keep-secrets.
[[nodiscard]] Result<TapeSecrets> secrets_of(const Values& values);

[[nodiscard]] recorder::OnTape on_tape(TapeSecrets secrets);

/// As RecordOutput::open, with the note. Refused: to continue a tape of which the note would then
/// not be true.
[[nodiscard]] Result<std::unique_ptr<RecordOutput>> open_output(const std::string& path,
                                                                const SeriesOptions& options,
                                                                TapeSecrets secrets,
                                                                port::Clock& clock);

}  // namespace tapedeck::cli
