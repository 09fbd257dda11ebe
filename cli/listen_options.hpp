// The options that commands with `--listen ADDR` have in common.
#pragma once

#include <optional>
#include <string>

#include "cli/options.hpp"
#include "core/base/result.hpp"
#include "replayer/address.hpp"
#include "replayer/admission.hpp"
#include "replayer/tls.hpp"

namespace tapedeck::cli {

/// Adds --cert and --key.
void add_identity_options(Options& options);

/// Adds --pin and --guest-pin.
void add_pin_options(Options& options);

/// What they say; neither: no PIN is asked for.
[[nodiscard]] Result<void> read_pins(const Values& values, replayer::Admission& admission);

/// The address that `option` gives, if it is there.
[[nodiscard]] Result<std::optional<replayer::Address>> read_address(const Values& values,
                                                                    const char* option);

/// What --listen says, if it is there.
[[nodiscard]] Result<std::optional<replayer::Address>> read_listen(const Values& values);

/// Tells on stdout, as its first line, where a server listens.
Result<void> announce(const std::string& url);

/// What --cert and --key say; nothing: no TLS.
[[nodiscard]] Result<std::optional<replayer::ServerIdentity>> read_identity(const Values& values);

}  // namespace tapedeck::cli
