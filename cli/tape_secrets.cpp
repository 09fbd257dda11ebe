#include "cli/tape_secrets.hpp"

#include <filesystem>
#include <system_error>

#include "cli/output.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

constexpr const char* secrets_key = "secrets";

std::string note_of(TapeSecrets secrets) {
  switch (secrets) {
    case TapeSecrets::replaced:
      return "";
    case TapeSecrets::scrubbed:
      return "scrubbed";
    case TapeSecrets::kept:
      return "kept";
  }
  return "";
}

/// A tape that goes on must be scrubbed all along, or not at all.
Result<void> check_note(const std::string& path, TapeSecrets secrets) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return {};
  }
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  const std::string scrubbed = note_of(TapeSecrets::scrubbed);
  const bool was_scrubbed = (*tape)->value(secrets_key) == scrubbed;
  if (was_scrubbed == (secrets == TapeSecrets::scrubbed)) {
    return {};
  }
  return fail_usage("'" + path + "' was recorded " + (was_scrubbed ? "with" : "without") +
                    " --scrub; continue it in the same way, or begin another tape");
}

}  // namespace

void add_secret_options(Options& options) {
  options.add()("scrub", po::bool_switch(),
                "put placeholders of the same length for what the stream itself carries of "
                "secrets, such as the one-time token of a transfer")(
      "keep-secrets", po::bool_switch(),
      "leave tokens, PINs and passwords on the tape as they came");
}

Result<TapeSecrets> secrets_of(const Values& values) {
  const bool scrub = values.get<bool>("scrub");
  const bool keep = values.get<bool>("keep-secrets");
  if (scrub && keep) {
    return fail_usage("--scrub and --keep-secrets contradict each other");
  }
  if (keep) {
    say("warning: --keep-secrets: tokens, PINs and passwords go onto the tape as they are; whoever "
        "has it can join as those on it");
  }
  return scrub ? TapeSecrets::scrubbed : keep ? TapeSecrets::kept : TapeSecrets::replaced;
}

recorder::OnTape on_tape(TapeSecrets secrets) {
  return secrets == TapeSecrets::kept ? recorder::OnTape::secrets : recorder::OnTape::placeholders;
}

Result<std::unique_ptr<RecordOutput>> open_output(const std::string& path,
                                                  const SeriesOptions& options, TapeSecrets secrets,
                                                  port::Clock& clock) {
  if (options.writing.existing == schema::Existing::append && !options.rotates()) {
    if (auto checked = check_note(path, secrets); !checked) {
      return fail(checked.error());
    }
  }
  auto output = RecordOutput::open(path, options, clock);
  if (output && secrets != TapeSecrets::replaced) {
    if (auto noted = (*output)->set(secrets_key, note_of(secrets)); !noted) {
      return fail(noted.error());
    }
  }
  return output;
}

}  // namespace tapedeck::cli
