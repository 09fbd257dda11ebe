// What the command line of `tapedeck record` asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "cli/record_output.hpp"
#include "cli/tape_secrets.hpp"
#include "cli/watch.hpp"
#include "core/base/result.hpp"
#include "recorder/http_source.hpp"
#include "recorder/join_protocol.hpp"
#include "recorder/session.hpp"

namespace tapedeck::cli {

/// One tape to be recorded.
struct RecordTask {
  std::string tape;
  std::string alias = {};  ///< of the conference to join; "": the source is the stream itself
  std::string pin = {};
};

struct RecordWishes {
  std::string source;
  std::optional<recorder::Url> url;  ///< of the stream, or of the node; nothing: a file or "-"
  std::vector<RecordTask> tasks;     ///< at least one
  std::string folder = {};           ///< where their tapes go, to be made if need be; "" for one
  SeriesOptions output;
  TapeSecrets secrets = TapeSecrets::replaced;
  std::optional<std::string> self;
  std::vector<recorder::Header> headers;
  recorder::Network network{nullptr, {}};  ///< without TLS as long as the source is a file
  std::vector<recorder::Url> nodes = {};   ///< to join at
  recorder::JoinWishes join;               ///< but for alias and PIN
  bool follow = true;
  recorder::SessionOptions session;
  WatchOptions watch;
};

/// Nothing: --help was asked for and printed.
[[nodiscard]] Result<std::optional<RecordWishes>> read_record_wishes(const Arguments& arguments);

/// Adds --ca, --insecure, --cert and --key.
void add_network_options(Options& options);

/// How these and the environment say that nodes are reached. Warns of --insecure.
[[nodiscard]] Result<recorder::Network> network_of(const Values& values);

/// The name of a file that stands for `alias` without leaving its folder, without an extension.
[[nodiscard]] std::string file_stem_of(std::string_view alias);

}  // namespace tapedeck::cli
