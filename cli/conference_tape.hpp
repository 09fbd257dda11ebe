// A tape as a conference that a client joined: the options and keys that tell who joined, and the
// walk over its frames. Shared by the commands that derive something from a tape.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "core/base/result.hpp"
#include "core/state/derivation.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

/// --self, --conference, --name, --service.
void add_join_options(Options& options);

/// Takes over what the answer to request_token told. False: the exchange is another one.
bool take_answer(const port::Exchange& exchange, state::Join& join);

/// Who joined, as the tape has it: its keys, else the answer to request_token among its exchanges,
/// else the defaults.
[[nodiscard]] state::Join recorded_join(const schema::TapeReader& tape);

/// The recorded Unix time of a moment of one of the `connections` of a tape.
[[nodiscard]] std::int64_t wall_ns_on(const schema::TapeReader& tape,
                                      const std::vector<schema::Connection>& connections,
                                      std::uint32_t connection_id, std::int64_t at_ns);

/// Who joined: what the command line says, else what the tape has.
[[nodiscard]] state::Join join_of(const Values& given, const schema::TapeReader& tape);

/// `done`; or `lost`, said in a sentence, where a limit of tapedeck made events mean less than they
/// do to the client.
[[nodiscard]] ExitCode conclude_with(const state::Reducer& reducer);

/// Derives a tape frame by frame. Not thread-safe.
class ConferenceTape {
 public:
  /// Opens the tape `path`.
  [[nodiscard]] static Result<ConferenceTape> open(const std::string& path);

  [[nodiscard]] const schema::TapeReader& tape() const { return *tape_; }

  /// Told now and then how many frames are done.
  using FramesDone = std::function<void(std::uint64_t)>;

  /// Calls `visit` for each frame with its recorded Unix time; `done` may be empty.
  Result<void> for_each_frame(
      const std::function<void(const port::Frame&, std::int64_t wall_ns)>& visit,
      const FramesDone& done = {}) const;

  /// Begins a derivation over the frames of `range`.
  Result<void> derive(state::Join join, const state::ReducerOptions& options,
                      const schema::FrameRange& range = {});

  /// The derivation that has begun also takes in what the client did by REST, where the tape has
  /// its exchanges.
  Result<void> follow_exchanges();

  /// The next step of the derivation, or nothing at its end.
  [[nodiscard]] Result<std::optional<state::Step>> next();

  /// Of the derivation that has begun.
  [[nodiscard]] const state::Reducer& reducer() const { return derivation_->reducer(); }

  /// Of the derivation that has begun.
  [[nodiscard]] ExitCode conclude() const;

  /// The recorded Unix time of a moment of a connection.
  [[nodiscard]] std::int64_t wall_ns(std::uint32_t connection_id, std::int64_t at_ns) const;

 private:
  struct Act {
    std::int64_t at_ns = 0;
    state::RestEffect effect = state::RestEffect::none;
  };

  ConferenceTape(std::unique_ptr<schema::TapeReader> tape,
                 std::vector<schema::Connection> connections)
      : tape_(std::move(tape)), connections_(std::move(connections)) {}

  std::unique_ptr<schema::TapeReader> tape_;
  std::vector<schema::Connection> connections_;
  std::unique_ptr<port::FrameSource> frames_;
  std::optional<port::Frame> frame_;  // read, and not yet pushed
  std::unique_ptr<state::Derivation> derivation_;
  std::vector<Act> acts_;  // of the client, by time
  std::size_t next_act_ = 0;
  bool finished_ = false;
};

}  // namespace tapedeck::cli
