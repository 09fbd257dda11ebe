// Checkpoints on short tapes, on which `tapedeck index` would put none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/conference_tape.hpp"
#include "cli/tape_derivation.hpp"
#include "core/base/check.hpp"
#include "core/state/snapshot.hpp"
#include "schema/tape_index.hpp"

namespace tapedeck::cli::test {

/// What would stand after each `step`-th frame that can have one.
inline std::vector<schema::Checkpoint> dense_checkpoints(const std::string& path,
                                                         std::uint64_t step) {
  const auto tape = schema::TapeReader::open(path).value();
  const auto connections = tape->connections().value();
  TapeDerivation derivation(recorded_join(*tape));
  std::vector<schema::Checkpoint> checkpoints;
  const auto frames = tape->frames().value();
  while (const auto frame = frames->next().value()) {
    derivation.push(*frame, wall_ns_on(*tape, connections, frame->connection_id, frame->recv_ns));
    if (frame->seq % step == 0) {
      if (auto bytes = derivation.checkpoint()) {
        checkpoints.push_back({frame->seq, *std::move(bytes)});
      }
    }
  }
  return checkpoints;
}

inline void put_on(const std::string& path, const std::vector<schema::Checkpoint>& checkpoints) {
  const auto index = schema::TapeIndex::change(path).value();
  check(index->clear().has_value(), "an index is cleared");
  for (const schema::Checkpoint& checkpoint : checkpoints) {
    check(index->add(checkpoint.seq, state::snapshot_version, checkpoint.state).has_value(),
          "a checkpoint is added");
  }
  check(index->finish().has_value(), "an index is finished");
}

inline void index_densely(const std::string& path, std::uint64_t step) {
  put_on(path, dense_checkpoints(path, step));
}

}  // namespace tapedeck::cli::test
