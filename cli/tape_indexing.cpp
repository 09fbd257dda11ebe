#include "cli/tape_indexing.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/conference_tape.hpp"
#include "cli/tape_derivation.hpp"
#include "core/state/snapshot.hpp"
#include "schema/tape_index.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

using state::snapshot_version;

/// From one checkpoint to the next there is so much to derive, at least (FORMAT.md): a few
/// milliseconds.
constexpr std::uint64_t spacing_bytes_min = std::uint64_t{256} * 1024;
/// And so many times what the checkpoint takes.
constexpr std::uint64_t spacing_times = 8;

/// Frames between two calls of the progress function.
constexpr std::uint64_t frames_until_told = 4096;

std::uint64_t spacing_after(std::uint64_t checkpoint_bytes) {
  return std::max(spacing_bytes_min, spacing_times * checkpoint_bytes);
}

class Indexing {
 public:
  Indexing(const schema::TapeReader& tape, schema::TapeIndex& index)
      : tape_(tape), index_(index), join_(recorded_join(tape)), derivation_(join_) {}

  Result<void> run(const std::function<void(double)>& progress) {
    if (auto begun = begin(); !begun) {
      return begun;
    }
    auto connections = tape_.connections();
    auto frames = tape_.frames({.first_seq = derivation_.seq() + 1});
    if (!connections || !frames) {
      return fail(!connections ? connections.error() : frames.error());
    }
    for (std::uint64_t count = 0;; ++count) {
      const auto frame = (*frames)->next();
      if (!frame) {
        return fail(frame.error());
      }
      if (!*frame) {
        return {};
      }
      derivation_.push(**frame,
                       wall_ns_on(tape_, *connections, (*frame)->connection_id, (*frame)->recv_ns));
      bytes_since_ += (*frame)->raw.size();
      if (auto added = add_if_due(); !added) {
        return added;
      }
      if (progress && count % frames_until_told == 0) {
        progress(static_cast<double>((*frame)->seq) /
                 static_cast<double>(std::max<std::uint64_t>(tape_.summary().frame_count, 1)));
      }
    }
  }

  [[nodiscard]] const Indexed& indexed() const { return indexed_; }

 private:
  /// Behind the last checkpoint where it can be gone on from, else at the beginning.
  Result<void> begin() {
    const auto summary = tape_.index_summary(snapshot_version);
    if (summary && summary->count != 0 && summary->of_other_versions == 0) {
      const auto last =
          tape_.checkpoint_up_to(std::numeric_limits<std::int64_t>::max(), snapshot_version);
      if (last && *last && (*last)->seq <= tape_.summary().frame_count) {
        auto derivation = TapeDerivation::from((*last)->state, join_);
        if (derivation && derivation->seq() == (*last)->seq) {
          derivation_ = *std::move(derivation);
          indexed_ = {.checkpoints = summary->count, .bytes = summary->bytes};
          due_bytes_ = spacing_after((*last)->state.size());
          return {};
        }
      }
    }
    return index_.clear();
  }

  Result<void> add_if_due() {
    if (bytes_since_ < due_bytes_) {
      return {};
    }
    const auto checkpoint = derivation_.checkpoint();
    if (!checkpoint) {
      return {};
    }
    due_bytes_ = spacing_after(checkpoint->size());
    if (bytes_since_ < due_bytes_) {
      return {};
    }
    bytes_since_ = 0;
    ++indexed_.checkpoints;
    ++indexed_.added;
    indexed_.bytes += checkpoint->size();
    return index_.add(derivation_.seq(), snapshot_version, *checkpoint);
  }

  const schema::TapeReader& tape_;
  schema::TapeIndex& index_;
  state::Join join_;
  TapeDerivation derivation_;
  std::uint64_t bytes_since_ = 0;  ///< of the frames since the last checkpoint
  std::uint64_t due_bytes_ = spacing_bytes_min;
  Indexed indexed_;
};

}  // namespace

Result<Indexed> index_tape(const std::string& path, const std::function<void(double)>& progress) {
  const auto index = schema::TapeIndex::change(path);
  if (!index) {
    return fail(index.error());
  }
  auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  Indexed indexed;
  {
    Indexing indexing(**tape, **index);
    if (auto run = indexing.run(progress); !run) {
      return fail(run.error());
    }
    indexed = indexing.indexed();
  }
  tape->reset();  // whoever reads a tape keeps its files apart
  if (auto finished = (*index)->finish(); !finished) {
    return fail(finished.error());
  }
  return indexed;
}

Result<std::uint64_t> drop_index(const std::string& path) {
  std::uint64_t count = 0;
  {
    const auto tape = schema::TapeReader::open(path);
    if (!tape) {
      return fail(tape.error());
    }
    const auto summary = (*tape)->index_summary(snapshot_version);
    if (!summary) {
      return fail(summary.error());
    }
    count = summary->count;
  }
  const auto index = schema::TapeIndex::change(path);
  if (!index) {
    return fail(index.error());
  }
  if (auto cleared = (*index)->clear(); !cleared) {
    return fail(cleared.error());
  }
  if (auto finished = (*index)->finish(); !finished) {
    return fail(finished.error());
  }
  return count;
}

}  // namespace tapedeck::cli
