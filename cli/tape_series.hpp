// A recording as one tape or as a series of them, cut by size and time (schema/FORMAT.md, "A series
// of tapes").
//
// A part is cut at the end of a block. It can be replayed alone: it begins with the state at its
// start, on a connection of its own, which holds what tapedeck made and nothing received. The
// received frames of all parts, joined, are those of one long tape. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/followed_state.hpp"
#include "core/base/result.hpp"
#include "core/port/recording_sink.hpp"
#include "core/state/join.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {

struct SeriesOptions {
  schema::TapeWriterOptions writing;  ///< `wall_now_ns` is filled in for each part
  std::optional<std::uint64_t> rotate_bytes = std::nullopt;  ///< of the stream
  std::optional<std::int64_t> rotate_ns = std::nullopt;
  /// Parts that ended longer ago are removed; what is kept is joined by `write_out`.
  std::optional<std::int64_t> keep_ns = std::nullopt;

  [[nodiscard]] bool rotates() const { return rotate_bytes || rotate_ns; }
};

class TapeSeries final : public port::RecordingSink {
 public:
  /// Without a rotation the tape is `path`. Else the parts of x.tape are x.001.tape and so on, or
  /// x.ring.001.tape with `keep_ns`: those that are there already are refused, removed or continued
  /// as TapeWriterOptions::existing tells.
  [[nodiscard]] static Result<std::unique_ptr<TapeSeries>> begin(const std::string& path,
                                                                 const SeriesOptions& options);

  /// x.003.tape for part 3 of x.tape; x.ring.003.tape in a ring.
  [[nodiscard]] static std::string path_of_part(const std::string& path, int number,
                                                bool ring = false);

  /// Whether there is already what a series of this name would replace or continue.
  [[nodiscard]] static bool is_there(const std::string& path, const SeriesOptions& options);

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

  /// As TapeWriter::note_mark.
  Result<void> note_mark(std::int64_t at_ns, std::int64_t wall_ns, std::string_view text);

  /// As TapeWriter::set, on this part and all that follow.
  Result<void> set(const std::string& key, const std::string& value);

  /// Of the part that is being recorded: held_bytes, lacks_room, frames_lost.
  [[nodiscard]] const schema::TapeWriter& tape() const { return *tape_; }
  /// Commits so far, on all parts; as TapeWriter::commits.
  [[nodiscard]] std::uint64_t commits() const { return earlier_commits_ + tape_->commits(); }
  /// The number of the part that is being recorded, from 1.
  [[nodiscard]] int part() const { return parts_.back().number; }

  /// Copies the parts that are kept, the last one as far as it has come, to a tape at `path`.
  Result<void> write_out(const std::string& path, schema::Existing existing);
  /// Removes the parts that are kept; nothing may follow.
  void remove_parts();

 private:
  /// A connection as the recorder counts; its part of the tape counts from its own start.
  struct Open {
    port::ConnectionStart start;
    std::uint64_t base_bytes = 0;  ///< of the body, on earlier parts
    std::uint64_t read_bytes = 0;  ///< of the body, with those
    std::uint64_t frame_bytes = 0;

    [[nodiscard]] bool at_border() const { return read_bytes == frame_bytes; }
  };
  struct Part {
    int number = 1;
    std::int64_t start_ns = 0;
    std::int64_t end_ns = 0;
  };
  /// A read with which a part ends: it is held back until it has brought the end of a block.
  struct Cut {
    std::uint32_t connection_id = 0;
    std::uint64_t end_offset = 0;
    std::int64_t recv_ns = 0;
  };

  TapeSeries(std::string path, const SeriesOptions& options);
  Result<void> begin_first();
  [[nodiscard]] std::string part_path(int number) const;
  Result<std::unique_ptr<schema::TapeWriter>> open_part(const Part& part);
  Result<void> next_part(std::int64_t at_ns);
  Result<void> begin_with_state();
  Result<void> close_part(std::int64_t at_ns);
  void forget_old_parts(std::int64_t now_ns);
  [[nodiscard]] bool is_due(std::int64_t now_ns) const;
  [[nodiscard]] bool others_at_border(std::uint32_t connection_id) const;
  Result<void> pass_read(std::uint32_t connection_id, std::uint64_t end_offset,
                         std::int64_t recv_ns);
  Result<void> pass_cut();
  void derive(const port::Frame& frame);
  [[nodiscard]] std::int64_t on_part(std::int64_t ns) const;
  Open& open_of(std::uint32_t connection_id);

  std::string path_;
  SeriesOptions options_;
  std::string series_;      ///< uuid
  std::deque<Part> parts_;  ///< those that are kept; the last is being recorded
  std::unique_ptr<schema::TapeWriter> tape_;
  std::map<std::string, std::string> values_;
  std::map<std::uint32_t, Open> open_;
  std::map<std::uint32_t, std::uint32_t> ids_;  ///< on this part, of the connections on it
  std::uint32_t connections_ = 0;
  std::uint64_t part_bytes_ = 0;
  std::uint64_t earlier_commits_ = 0;  ///< on earlier parts
  std::int64_t retry_ns_ = 0;          ///< a part that could not be made is tried again then
  std::optional<Cut> cut_;
  state::Join join_;
  FollowedState followed_;
};

}  // namespace tapedeck::cli
