// The output of a recording: what the options of `record` make of it, and what is said when the
// disk does not do its part.
//
// A full disk ends the recording (--on-full stop), or what comes is held in memory (--on-full
// wait). When that is full too (`is_full`), whoever can does not read the stream, so that what the
// node has yet to send waits there, and other recordings go on. Of all that could be done this
// loses least; a node that does not wait so long breaks the connection, and that is a gap on the
// tape. Where the stream cannot wait, as in a proxy, the recording ends there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "cli/tape_series.hpp"
#include "core/base/result.hpp"
#include "core/port/clock.hpp"
#include "core/port/recording_sink.hpp"

namespace tapedeck::cli {

/// --commit-frames, --commit-ms, --durable, --on-full, --min-free, --rotate. `durability`: without
/// --durable.
void add_output_options(Options& options, schema::Durability durability);
/// --ring.
void add_ring_option(Options& options);

/// What --overwrite and --append say of an output that is there.
[[nodiscard]] Result<schema::Existing> existing_of(const Values& values);

/// What these options ask for, those two among them.
[[nodiscard]] Result<SeriesOptions> output_options_of(const Values& values,
                                                      schema::Durability durability);

/// The tape at the end of a recording. Not thread-safe.
class RecordOutput final : public port::RecordingSink {
 public:
  /// As TapeWriter::open. `clock` must outlive the output.
  [[nodiscard]] static Result<std::unique_ptr<RecordOutput>> open(const std::string& path,
                                                                  const SeriesOptions& options,
                                                                  port::Clock& clock);

  [[nodiscard]] std::int64_t session_start_ns() const override;
  Result<std::uint32_t> open_connection(const port::ConnectionStart& start) override;
  Result<void> note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns) override;
  Result<void> accept(const port::Frame& frame) override;
  Result<void> close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                port::ConnectionEnd end, const std::string& detail) override;
  Result<void> note_gap(const port::Gap& gap) override;
  Result<void> note_exchange(const port::Exchange& exchange) override;
  Result<void> commit_if_due(std::int64_t now_ns) override;
  Result<void> finish() override;

  /// Marks this moment; see schema/tape_marks.hpp for what the text may be.
  Result<void> mark(std::string_view text);

  /// As TapeWriter::set.
  Result<void> set(const std::string& key, const std::string& value);

  /// A clause on why the recording is to end now, "" as long as it is not.
  [[nodiscard]] std::string why_stop() const;

  [[nodiscard]] const TapeSeries& series() const { return *tape_; }
  /// Both the disk and the memory for what is held are full: no more is to be read for now.
  [[nodiscard]] bool is_full();

  /// The names of the tapes, as a message shows them.
  [[nodiscard]] std::string names() const;

  /// `finish` failed: what was held for want of room is lost, and its error says how much.
  [[nodiscard]] bool data_was_lost() const { return data_was_lost_; }

 private:
  RecordOutput(std::unique_ptr<TapeSeries> tape, std::string path, const SeriesOptions& options,
               port::Clock& clock);

  template <class Call>
  auto timed(Call call);
  void say_what_is_held();
  void write_out_now();

  std::unique_ptr<TapeSeries> tape_;
  std::string path_;
  SeriesOptions options_;
  port::Clock& clock_;
  std::int64_t tape_minus_clock_ns_;  ///< as the recording counts
  int first_part_;
  int write_outs_done_;  ///< of those that were asked for
  int written_out_ = 0;  ///< the last number that was used
  bool holding_ = false;
  bool waiting_ = false;                  ///< the memory is full too
  std::int64_t holding_since_ns_ = 0;     ///< on the clock
  std::int64_t slow_quiet_until_ns_ = 0;  ///< on the clock: until then a slow disk is old news
  bool data_was_lost_ = false;
};

}  // namespace tapedeck::cli
