#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/port/recording_sink.hpp"
#include "schema/tape_file_private.hpp"
#include "schema/tape_mender_private.hpp"

namespace tapedeck::schema {
namespace {

constexpr std::int64_t uint32_max = std::numeric_limits<std::uint32_t>::max();

constexpr const char* unknown_source = "tapedeck: what is known of this connection was lost";

bool is_end(std::string_view ended) {
  using port::ConnectionEnd;
  return ended == name_of(ConnectionEnd::finished) || ended == name_of(ConnectionEnd::broken) ||
         ended == name_of(ConnectionEnd::stopped);
}

bool ends_a_line(std::string_view raw) {
  return raw.ends_with('\n') || raw.ends_with('\r');
}

bool is_id(std::int64_t id) {
  return id >= 1 && id <= uint32_max;
}

std::string number_of(const char* noun, std::uint64_t number) {
  return std::string(noun) + ' ' + std::to_string(number);
}

}  // namespace

TapeMender::TapeMender(const SalvagedTape& tape, const Database& output, RepairReport& report)
    : tape_(tape), output_(output), report_(report) {}

bool TapeMender::run() {
  if (!prepare()) {
    return false;
  }
  load_connections();
  measure_reads();
  if (!copy_gaps() || !copy_frames()) {
    return false;
  }
  settle_bodies();
  const bool done = copy_reads() && make_reads() && copy_values() && copy_marks() &&
                    copy_exchanges() && write_connections();
  if (!done) {
    return false;
  }
  note_tables();
  note_counts();
  return mark_repair();
}

bool TapeMender::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&frame_, "INSERT INTO frames VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&read_, "INSERT INTO reads VALUES (?1, ?2, ?3)"},
      {&connection_,
       "INSERT INTO connections VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
      {&gap_, "INSERT INTO gaps VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&exchange_, "INSERT INTO exchanges VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      {&mark_, "INSERT INTO marks VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&value_, "INSERT OR IGNORE INTO tape VALUES (?1, ?2)"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = output_.prepare(sql);
    if (!prepared) {
      return false;
    }
    *statement = *std::move(prepared);
  }
  return true;
}

void TapeMender::say(std::vector<std::string>& sentences, std::string sentence) {
  if (sentences.size() < RepairReport::sentences_max) {
    sentences.push_back(std::move(sentence));
  } else {
    ++report_.sentences_omitted;
  }
}

bool TapeMender::is_hurt(SavedTable table) const {
  const TableState& state = tape_.state(table);
  return state.damaged || state.broken != 0;
}

void TapeMender::finish(SavedTable table, const SalvagedRows& rows) {
  count(table).dropped += rows.unreadable();
}

void TapeMender::load_connections() {
  SalvagedRows rows(tape_, SavedTable::connections);
  SalvagedRow row;
  while (rows.next(row)) {
    const bool good = is_id(row.key.second) && row.integer(1) >= 0 && row.integer(4) >= 0;
    if (!good) {
      ++count(SavedTable::connections).dropped;
      continue;
    }
    ++count(SavedTable::connections).saved;
    Body& body = bodies_[static_cast<std::uint32_t>(row.key.second)];
    body.has_row = true;
    body.opened_ns = row.integer(1);
    body.wall_ns = row.integer(2);
    body.source = tape_.text_of(row, 3);
    body.http_status = row.integer(4);
    body.headers = tape_.text_of(row, 5);
    body.last_event_id = tape_.text_of(row, 6);
    body.closed =
        !row.is_null(7) && !row.is_null(10) && row.integer(7) >= 0 && row.integer(10) >= 0;
    if (body.closed) {
      body.closed_ns = row.integer(7);
      body.ended = tape_.text_of(row, 8);
      body.detail = tape_.text_of(row, 9);
      body.bytes = static_cast<std::uint64_t>(row.integer(10));
      if (!is_end(body.ended)) {
        body.ended = name_of(port::ConnectionEnd::broken);
        ++values_mended_;
      }
    } else if (!row.is_null(7)) {
      ++values_mended_;
    }
  }
  finish(SavedTable::connections, rows);
  rows_ += bodies_.size();
}

void TapeMender::measure_reads() {
  SalvagedRows rows(tape_, SavedTable::reads);
  SalvagedRow row;
  while (rows.next(row)) {
    const auto found = bodies_.find(static_cast<std::uint32_t>(row.key.first));
    if (is_id(row.key.first) && row.key.second > 0 && found != bodies_.end()) {
      ++found->second.reads;
      found->second.read_end = static_cast<std::uint64_t>(row.key.second);
    }
  }
}

/// The next frame whose bytes can be those that came.
bool TapeMender::next_frame(SalvagedRows& rows, SalvagedRow& row) {
  const IndexState& index = tape_.index();
  while (rows.next(row)) {
    const std::string_view raw = row.bytes(4);
    const auto seq = static_cast<std::uint64_t>(row.key.second);
    // A block ends with a line; so does every complete frame.
    const bool good = row.key.second >= 1 && !raw.empty() &&
                      raw.size() <= limits::frame_bytes_max &&
                      (row.integer(3) != 1 || ends_a_line(raw));
    const bool has_wrong_number =
        !index.damaged && index.rows != 0 && seq != seq_ + 1 && row.key.second > index.seq_max;
    if (good && !has_wrong_number) {
      return true;
    }
    ++count(SavedTable::frames).dropped;
  }
  return false;
}

bool TapeMender::copy_frames() {
  SalvagedRows rows(tape_, SavedTable::frames);
  SalvagedRow row;
  SalvagedRow next;
  bool has_row = next_frame(rows, row);
  while (has_row) {
    // The number of the next one is looked at behind this one's.
    const auto before = std::exchange(seq_, static_cast<std::uint64_t>(row.key.second));
    const bool has_next = next_frame(rows, next);
    seq_ = before;
    if (!copy_frame(row, has_next ? &next : nullptr)) {
      return false;
    }
    std::swap(row, next);
    has_row = has_next;
  }
  finish(SavedTable::frames, rows);
  rows_ += new_seq_;
  const IndexState& index = tape_.index();
  const std::int64_t last = index.rows == 1 && !index.damaged ? index.seq_max : index.seq_known;
  if (last > static_cast<std::int64_t>(seq_)) {
    std::int64_t end_ns = frame_ns_;
    for (const auto& [id, body] : bodies_) {
      end_ns = std::max(end_ns, body.closed ? body.closed_ns : 0);
    }
    return close_hole(seq_ + 1, static_cast<std::uint64_t>(last), end_ns);
  }
  return true;
}

std::uint32_t TapeMender::connection_of(const SalvagedRow& row, const SalvagedRow* next) {
  const std::int64_t id = row.integer(1);
  const auto is_known = [&](std::int64_t other) {
    return is_id(other) && bodies_.contains(static_cast<std::uint32_t>(other));
  };
  if (is_known(id) || (is_id(id) && is_hurt(SavedTable::connections))) {
    return static_cast<std::uint32_t>(id);
  }
  const bool between = next != nullptr && next->integer(1) == frame_connection_;
  if (frame_connection_ != 0 && (between || !is_id(id))) {
    ++connections_guessed_;
    return frame_connection_;
  }
  if (is_id(id)) {
    return static_cast<std::uint32_t>(id);
  }
  ++connections_guessed_;
  return next != nullptr && is_known(next->integer(1))
             ? static_cast<std::uint32_t>(next->integer(1))
             : 1;
}

/// When the frame arrived, so that time does not go back. Of two that are in each other's way the
/// one that does not fit its other neighbour is wrong.
std::int64_t TapeMender::time_of(const SalvagedRow& row, const SalvagedRow* next,
                                 const Body& body) {
  const std::int64_t own = row.integer(2);
  const bool has_end = next != nullptr || body.closed;
  const std::int64_t end = next != nullptr ? next->integer(2) : body.closed_ns;
  std::int64_t time = std::max(own, frame_ns_);
  if (has_end && end >= frame_ns_ && time > end) {
    time = std::clamp(body.has_row ? body.opened_ns : 0, frame_ns_, end);
  }
  times_mended_ += time != own ? 1U : 0U;
  return time;
}

bool TapeMender::copy_frame(const SalvagedRow& row, const SalvagedRow* next) {
  const auto seq = static_cast<std::uint64_t>(row.key.second);
  const std::uint32_t id = connection_of(row, next);
  Body& body = bodies_[id];
  const std::int64_t time = time_of(row, next, body);
  if (seq > seq_ + 1 && !close_hole(seq_ + 1, seq - 1, time)) {
    return false;
  }
  const bool may_miss =
      body.frames != 0 ? holes_ > body.holes_seen : holes_ != 0 && hole_end_ns_ >= body.opened_ns;
  if (may_miss && !body.hole_at) {
    body.hole_at = body.saved;
  }
  const std::string_view raw = row.bytes(4);
  std::int64_t complete = row.integer(3);
  if (complete != 0 && complete != 1) {
    complete = ends_a_line(raw) ? 1 : 0;
    ++values_mended_;
  }
  index_sum_ += index_sum(row.integer(2), row.key.second);
  body.holes_seen = holes_;
  body.first_ns = body.frames == 0 ? time : body.first_ns;
  body.last_ns = time;
  body.saved += raw.size();
  ++body.frames;
  seq_ = seq;
  frame_ns_ = time;
  frame_connection_ = id;
  ++report_.frames;
  report_.bytes += raw.size();
  ++new_seq_;
  ++count(SavedTable::frames).saved;
  const Cell cells[] = {static_cast<std::int64_t>(new_seq_), id, time, complete, Cell::blob(raw)};
  return run_with(frame_, cells) == SQLITE_OK;
}

/// The frames that had these numbers are not there.
bool TapeMender::close_hole(std::uint64_t first, std::uint64_t last, std::int64_t end_ns) {
  ++holes_;
  end_ns = std::max(end_ns, frame_ns_);
  hole_end_ns_ = end_ns;
  report_.frames_lost += last - first + 1;
  if (report_.lost.size() < RepairReport::lost_max) {
    report_.lost.push_back({first, last, frame_ns_, end_ns});
  }
  std::string reason = "lost to damage: " + number_of(last == first ? "frame" : "frames", first);
  reason += last == first ? "" : " to " + std::to_string(last);
  const Cell cells[] = {{}, frame_connection_, frame_ns_, end_ns, reason};
  return run_with(gap_, cells) == SQLITE_OK;
}

/// What is known of the connections, now that all frames are there.
void TapeMender::settle_bodies() {
  for (auto& [id, body] : bodies_) {
    const std::string name = number_of("connection", id);
    if (!body.has_row) {
      body.opened_ns = body.first_ns;
      body.source = unknown_source;
      say(report_.losses, name + ": whence it came, and how it ended");
    }
    body.reads_until = std::numeric_limits<std::int64_t>::max();
    if (!body.closed) {
      body.reads_until = body.hole_at.value_or(body.reads_until);
      continue;
    }
    if (body.saved < body.bytes && body.read_end != body.saved) {
      body.reads_until = body.hole_at.value_or(body.saved);
      say(report_.losses, name + ": " + counted(body.bytes - body.saved, "byte") + " of " +
                              format_count(body.bytes));
    } else {
      body.reads_until = body.saved;
      if (body.saved != body.bytes) {
        say(report_.mended, name + " had a wrong length");
      }
    }
    body.bytes = body.saved;
  }
}

bool TapeMender::write_read(std::uint32_t id, Body& body, std::uint64_t offset,
                            std::int64_t recv_ns) {
  body.read_written = offset;
  body.read_ns = recv_ns;
  const Cell cells[] = {id, static_cast<std::int64_t>(offset), recv_ns};
  return run_with(read_, cells) == SQLITE_OK;
}

bool TapeMender::copy_reads() {
  SalvagedRows rows(tape_, SavedTable::reads);
  SalvagedRow row;
  SalvagedRow next;
  bool has_row = rows.next(row);
  while (has_row) {
    const bool has_next = rows.next(next);
    if (!copy_read(row, has_next && next.key.first == row.key.first ? &next : nullptr)) {
      return false;
    }
    std::swap(row, next);
    has_row = has_next;
  }
  finish(SavedTable::reads, rows);
  return true;
}

bool TapeMender::copy_read(const SalvagedRow& row, const SalvagedRow* next) {
  const auto found = bodies_.find(static_cast<std::uint32_t>(row.key.first));
  if (!is_id(row.key.first) || row.key.second < 1 || found == bodies_.end()) {
    ++count(SavedTable::reads).dropped;
    return true;
  }
  Body& body = found->second;
  const auto offset = static_cast<std::uint64_t>(row.key.second);
  if (offset > body.reads_until) {
    return true;  // it has another place now, or none
  }
  const std::int64_t own = row.integer(2);
  const std::int64_t least = body.read_written != 0 ? body.read_ns : body.opened_ns;
  std::int64_t time = std::max(own, body.read_written != 0 ? body.read_ns : 0);
  if (next != nullptr && next->integer(2) >= least && time > next->integer(2)) {
    time = least;
  }
  times_mended_ += time != own ? 1U : 0U;
  ++count(SavedTable::reads).saved;
  if (body.read_written == 0) {
    body.opened_ns = std::min(body.opened_ns, time);
  }
  return write_read(found->first, body, offset, time);
}

/// Where reads do not reach to the end of the frames that were saved, those frames tell when their
/// last bytes were read.
bool TapeMender::make_reads() {
  const auto lacks_reads = [](const Body& body) {
    return (body.reads != 0 || body.read_written != 0) && body.read_written < body.saved;
  };
  if (std::ranges::none_of(bodies_, [&](const auto& entry) { return lacks_reads(entry.second); })) {
    return true;
  }
  struct Pending {
    std::uint64_t end = 0;
    NewRead read;
  };
  std::map<std::uint32_t, Pending> pending;
  auto frames =
      output_.prepare("SELECT connection_id, recv_ns, length(raw) FROM frames ORDER BY seq");
  if (!frames) {
    return false;
  }
  int code = SQLITE_ROW;
  while ((code = frames->step()) == SQLITE_ROW) {
    const auto id = static_cast<std::uint32_t>(frames->integer(0));
    Body& body = bodies_[id];
    if (!lacks_reads(body)) {
      continue;
    }
    Pending& own = pending[id];
    own.end += static_cast<std::uint64_t>(frames->integer(2));
    const std::int64_t time = std::max(frames->integer(1), body.read_ns);
    if (own.read.offset != 0 && own.read.recv_ns != time) {
      ++reads_made_;
      if (!write_read(id, body, own.read.offset, own.read.recv_ns)) {
        return false;
      }
      own.read = {};
    }
    if (own.end > body.read_written) {
      own.read = {own.end, time};
    }
  }
  for (const auto& [id, own] : pending) {
    Body& body = bodies_[id];
    if (own.read.offset > body.read_written) {
      ++reads_made_;
      if (!write_read(id, body, own.read.offset, own.read.recv_ns)) {
        return false;
      }
    }
  }
  return code == SQLITE_DONE;
}

bool TapeMender::write_connections() {
  auto wall = output_.prepare(
      "SELECT wall_ns - at_ns + ?1 FROM marks WHERE kind = 'opened' AND wall_ns NOT NULL"
      " AND at_ns <= ?1 ORDER BY id DESC LIMIT 1");
  if (!wall) {
    return false;
  }
  for (auto& [id, body] : bodies_) {
    if (!body.has_row && wall->bind(1, body.opened_ns).step() == SQLITE_ROW) {
      body.wall_ns = wall->integer(0);
    }
    wall->reset();
    if (body.frames != 0 && body.first_ns < body.opened_ns) {
      body.opened_ns = body.first_ns;
      times_mended_ += body.has_row ? 1U : 0U;
    }
    const std::int64_t least = std::max({body.opened_ns, body.last_ns, body.read_ns});
    if (body.closed && body.closed_ns < least) {
      body.closed_ns = least;
      ++times_mended_;
    }
    const Cell end[] = {body.closed ? Cell(body.closed_ns) : Cell(),
                        body.closed ? Cell(body.ended) : Cell(),
                        body.closed ? Cell(body.detail) : Cell(),
                        body.closed ? Cell(static_cast<std::int64_t>(body.bytes)) : Cell()};
    const Cell cells[] = {
        id,           body.opened_ns,     body.wall_ns, body.source, body.http_status,
        body.headers, body.last_event_id, end[0],       end[1],      end[2],
        end[3]};
    if (run_with(connection_, cells) != SQLITE_OK) {
      return false;
    }
  }
  if (output_.run("UPDATE gaps SET after_connection = 0 WHERE after_connection <> 0"
                  " AND after_connection NOT IN (SELECT id FROM connections)") != SQLITE_OK) {
    return false;
  }
  values_mended_ += static_cast<std::uint64_t>(sqlite3_changes64(output_.handle()));
  return true;
}

bool TapeMender::copy_values() {
  SalvagedRows rows(tape_, SavedTable::tape);
  SalvagedRow row;
  while (rows.next(row)) {
    const std::string key = tape_.text_of(row, 0);
    const std::string value = tape_.text_of(row, 1);
    ++count(SavedTable::tape).saved;
    const Cell cells[] = {key, value};
    if (run_with(value_, cells) != SQLITE_OK) {
      return false;
    }
  }
  finish(SavedTable::tape, rows);
  return true;
}

bool TapeMender::copy_marks() {
  SalvagedRows rows(tape_, SavedTable::marks);
  SalvagedRow row;
  while (rows.next(row)) {
    if (row.integer(1) < 0) {
      ++count(SavedTable::marks).dropped;
      continue;
    }
    ++count(SavedTable::marks).saved;
    const std::string kind = tape_.text_of(row, 3);
    const std::string note = tape_.text_of(row, 4);
    const Cell cells[] = {row.key.second, row.integer(1),
                          row.is_null(2) ? Cell() : Cell(row.integer(2)), kind, note};
    if (run_with(mark_, cells) != SQLITE_OK) {
      return false;
    }
  }
  finish(SavedTable::marks, rows);
  rows_ += count(SavedTable::marks).saved;
  return true;
}

bool TapeMender::copy_gaps() {
  SalvagedRows rows(tape_, SavedTable::gaps);
  SalvagedRow row;
  while (rows.next(row)) {
    const std::int64_t start_ns = row.integer(2);
    std::int64_t end_ns = row.integer(3);
    if (start_ns < 0 || end_ns < 0) {
      ++count(SavedTable::gaps).dropped;
      continue;
    }
    if (end_ns < start_ns) {
      end_ns = start_ns;
      ++times_mended_;
    }
    ++count(SavedTable::gaps).saved;
    const std::string reason = tape_.text_of(row, 4);
    const Cell cells[] = {row.key.second, row.integer(1), start_ns, end_ns, reason};
    if (run_with(gap_, cells) != SQLITE_OK) {
      return false;
    }
  }
  finish(SavedTable::gaps, rows);
  return true;
}

bool TapeMender::copy_exchanges() {
  SalvagedRows rows(tape_, SavedTable::exchanges);
  SalvagedRow row;
  while (rows.next(row)) {
    if (row.integer(1) < 0 || row.integer(2) < 0 || row.integer(7) < 0) {
      ++count(SavedTable::exchanges).dropped;
      continue;
    }
    ++count(SavedTable::exchanges).saved;
    const std::string texts[] = {tape_.text_of(row, 3), tape_.text_of(row, 4),
                                 tape_.text_of(row, 5), tape_.text_of(row, 8)};
    const Cell cells[] = {row.key.second,
                          row.integer(1),
                          row.integer(2),
                          texts[0],
                          texts[1],
                          texts[2],
                          Cell::blob(row.bytes(6)),
                          row.integer(7),
                          texts[3],
                          Cell::blob(row.bytes(9))};
    if (run_with(exchange_, cells) != SQLITE_OK) {
      return false;
    }
  }
  finish(SavedTable::exchanges, rows);
  return true;
}

/// What is lost of each table besides what is known row for row.
void TapeMender::note_tables() {
  for (std::size_t i = 0; i < saved_tables; ++i) {
    const auto table = static_cast<SavedTable>(i);
    const TableState& state = tape_.state(table);
    const std::uint64_t dropped = counts_[i].dropped + state.broken;
    if (state.orphans != 0) {
      say(report_.mended, counted(state.orphans, "page") + " of the table '" +
                              std::string(name_of(table)) + "' that nothing led to");
    }
    if (table == SavedTable::frames) {
      note_frames(dropped);
    } else if (state.damaged || dropped != 0) {
      say(report_.losses, "of the table '" + std::string(name_of(table)) + "' " +
                              counted(counts_[i].saved, "row") + " " +
                              (counts_[i].saved == 1 ? "is" : "are") + " saved, and " +
                              (dropped == 0 ? "others may be lost"
                                            : "at least " + format_count(dropped) + " lost"));
    }
  }
  bool is_complete = true;
  for (std::size_t i = 0; i < saved_tables; ++i) {
    is_complete = is_complete && tape_.state(static_cast<SavedTable>(i)).found;
  }
  if (!is_complete) {
    say(report_.mended, "the list of tables");
    if (tape_.pages_unknown() != 0) {
      say(report_.losses, "what stood on " + counted(tape_.pages_unknown(), "page") +
                              " that nothing can be told of");
    }
  }
  if (const std::uint64_t pages = tape_.file().log_pages_damaged(); pages != 0) {
    say(report_.losses, counted(pages, "page") + " of the -wal file, and maybe what stood there");
  }
}

void TapeMender::note_frames(std::uint64_t dropped) {
  if (dropped > report_.frames_lost) {
    say(report_.losses,
        counted(dropped - report_.frames_lost, "frame") + " whose numbers are not known");
  }
  const IndexState& index = tape_.index();
  const bool all_there =
      !is_hurt(SavedTable::connections) && std::ranges::all_of(bodies_, [](const auto& entry) {
        return entry.second.has_row && entry.second.closed;
      });
  if (tape_.state(SavedTable::frames).damaged && index.damaged && !all_there) {
    say(report_.losses, "frames after the last one that is saved may be lost");
  }
  if (index.damaged ||
      (report_.frames_lost == 0 && (index.rows != report_.frames || index.sum != index_sum_))) {
    say(report_.mended, "the index of the frames by their times");
  }
}

void TapeMender::note_counts() {
  const auto tell = [&](std::uint64_t count, const char* noun, const char* what) {
    if (count != 0) {
      say(report_.mended, counted(count, noun) + what);
    }
  };
  tell(times_mended_, "time", " that did not fit those around it");
  tell(connections_guessed_, "frame", " of no connection, taken for one of those around it");
  tell(values_mended_, "value", " that no tapedeck writes");
  tell(reads_made_, "read", " behind what is lost, made anew from the frames");
}

/// The tape itself tells that it was repaired. Readers know nothing of such marks.
bool TapeMender::mark_repair() {
  if (!report_.has_losses() && report_.mended.empty()) {
    return true;
  }
  const auto last = last_ns(output_);
  if (!last) {
    return false;
  }
  std::string note = "tapedeck " TAPEDECK_VERSION;
  if (report_.frames_lost != 0) {
    note += ": " + counted(report_.frames_lost, "frame") + " lost";
  }
  const Cell cells[] = {{}, std::max<std::int64_t>(*last, 0), {}, "repaired", note};
  return run_with(mark_, cells) == SQLITE_OK;
}

}  // namespace tapedeck::schema
