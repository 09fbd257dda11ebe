// What the command line of `tapedeck replay` asks for.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/replay_edits.hpp"
#include "cli/replay_faults.hpp"
#include "core/base/result.hpp"
#include "replayer/server.hpp"

namespace tapedeck::cli {

enum class Destination { server, standard_output, nothing };

struct ReplayWishes {
  std::string tape = {};               ///< or a folder of tapes
  std::vector<std::string> more = {};  ///< tapes that are merged with it
  bool aligned_at_starts = false;      ///< merged as if all had begun at one moment
  Destination destination = Destination::server;
  replayer::Address address = {};
  bool allow_remote = false;
  std::optional<replayer::ServerIdentity> identity = {};
  replayer::TimelineOptions timeline = {};
  std::int64_t until_ns = std::numeric_limits<std::int64_t>::max();
  std::uint64_t passes = 1;
  bool precise = false;  ///< on time to a microsecond, at the cost of a core
  bool once = false;
  bool at_once = false;   ///< time begins with the server
  bool chunks = false;    ///< in the pieces in which it was read
  bool faithful = false;  ///< connections are lost where they were
  replayer::Sharing sharing = replayer::Sharing::separate;
  std::optional<std::string> self = {};
  bool json = false;
  replayer::Admission admission = {};
  bool no_pin = false;  ///< none is asked for, though the recorded client was
  bool react = false;   ///< commands of clients are carried out
  std::optional<std::string> journal = {};
  FaultWishes faults = {};
  std::shared_ptr<event::EventEdits> edits = {};  ///< null: none
};

[[nodiscard]] Options replay_options();

/// What these options ask for; fails where they do not go together.
[[nodiscard]] Result<ReplayWishes> read_replay_wishes(const Values& values);

}  // namespace tapedeck::cli
