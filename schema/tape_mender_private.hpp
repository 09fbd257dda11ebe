// Brings the rows that were saved from a damaged tape onto a new one, so that what FORMAT.md says
// of a tape holds again: numbers without holes, times that do not go back, a row for each
// connection, reads that fit the frames. Private to schema/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "schema/rows_private.hpp"
#include "schema/salvage_tables_private.hpp"
#include "schema/sqlite_private.hpp"
#include "schema/tape_repair.hpp"

namespace tapedeck::schema {

class TapeMender {
 public:
  /// `output` is a blank tape in the middle of a transaction.
  TapeMender(const SalvagedTape& tape, const Database& output, RepairReport& report);

  /// Fails where the new tape cannot be written; `output.why()` tells.
  [[nodiscard]] bool run();

  /// A row of any table but that of values was there.
  [[nodiscard]] bool found_anything() const { return rows_ != 0; }

 private:
  /// A connection: its row, and what the frames and reads that were saved say of it.
  struct Body {
    bool has_row = false;
    std::int64_t opened_ns = 0;
    std::int64_t wall_ns = 0;
    std::string source;
    std::int64_t http_status = 0;
    std::string headers;
    std::string last_event_id;
    bool closed = false;
    std::int64_t closed_ns = 0;
    std::string ended;
    std::string detail;
    std::uint64_t bytes = 0;

    std::uint64_t saved = 0;  // bytes of its frames
    std::uint64_t frames = 0;
    std::int64_t first_ns = 0;  // of its frames
    std::int64_t last_ns = 0;
    std::uint64_t holes_seen = 0;
    std::optional<std::uint64_t> hole_at;  // the first offset at which frames may be missing

    std::uint64_t reads = 0;        // that were saved
    std::uint64_t read_end = 0;     // of the last of them
    std::uint64_t reads_until = 0;  // past this they do not fit what was saved
    std::uint64_t read_written = 0;
    std::int64_t read_ns = 0;
  };
  /// Rows of a table that are no good, or are mended.
  struct Count {
    std::uint64_t saved = 0;
    std::uint64_t dropped = 0;
  };
  struct NewRead {
    std::uint64_t offset = 0;
    std::int64_t recv_ns = 0;
  };

  bool prepare();
  void load_connections();
  void measure_reads();
  bool copy_frames();
  bool next_frame(SalvagedRows& rows, SalvagedRow& row);
  bool copy_frame(const SalvagedRow& row, const SalvagedRow* next);
  std::uint32_t connection_of(const SalvagedRow& row, const SalvagedRow* next);
  std::int64_t time_of(const SalvagedRow& row, const SalvagedRow* next, const Body& body);
  bool close_hole(std::uint64_t first, std::uint64_t last, std::int64_t end_ns);
  void settle_bodies();
  bool copy_reads();
  bool copy_read(const SalvagedRow& row, const SalvagedRow* next);
  bool make_reads();
  bool write_read(std::uint32_t id, Body& body, std::uint64_t offset, std::int64_t recv_ns);
  bool write_connections();
  bool copy_values();
  bool copy_marks();
  bool copy_gaps();
  bool copy_exchanges();
  bool mark_repair();
  void note_tables();
  void note_frames(std::uint64_t dropped);
  void note_counts();

  [[nodiscard]] bool is_hurt(SavedTable table) const;
  Count& count(SavedTable table) { return counts_[static_cast<std::size_t>(table)]; }
  void finish(SavedTable table, const SalvagedRows& rows);
  void say(std::vector<std::string>& sentences, std::string sentence);

  const SalvagedTape& tape_;
  const Database& output_;
  RepairReport& report_;
  Statement frame_, read_, connection_, gap_, exchange_, mark_, value_;
  std::map<std::uint32_t, Body> bodies_;
  std::array<Count, saved_tables> counts_{};
  std::uint64_t rows_ = 0;
  std::uint64_t holes_ = 0;
  std::int64_t hole_end_ns_ = 0;
  std::uint64_t seq_ = 0;      // of the last frame, as it was
  std::uint64_t new_seq_ = 0;  // as it is
  std::int64_t frame_ns_ = 0;
  std::uint32_t frame_connection_ = 0;
  std::uint64_t index_sum_ = 0;
  std::uint64_t times_mended_ = 0;
  std::uint64_t connections_guessed_ = 0;
  std::uint64_t values_mended_ = 0;
  std::uint64_t reads_made_ = 0;
};

}  // namespace tapedeck::schema
