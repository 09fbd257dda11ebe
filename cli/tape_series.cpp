#include "cli/tape_series.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/conference_tape.hpp"
#include "cli/join_parts.hpp"
#include "cli/wall_clock.hpp"
#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "core/state/restore.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t part_retry_ns = ns_per_s;

/// The source of the connection that holds the state at the start of a part.
constexpr const char* state_source = "tapedeck: the state at the start of this part";

/// A random uuid (RFC 9562, version 4).
std::string make_uuid() {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string uuid = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : uuid) {
    const unsigned value = random() % 16;
    c = c == 'x' ? digits[value] : c == 'y' ? digits[8 + value % 4] : c;
  }
  return uuid;
}

/// The numbers of the parts of `path` that are there, ascending.
std::vector<int> parts_there(const std::string& path, bool ring) {
  const fs::path whole(path);
  const std::string folder = whole.parent_path().empty() ? "." : whole.parent_path().string();
  const std::string before = whole.stem().string() + (ring ? ".ring." : ".");
  std::vector<int> numbers;
  std::error_code error;  // a folder that cannot be read is found out when a tape is made in it
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    int number = 0;
    if (name.starts_with(before)) {
      std::from_chars(name.data() + before.size(), name.data() + name.size(), number);
    }
    if (number > 0 && fs::path(TapeSeries::path_of_part(path, number, ring)).filename() == name) {
      numbers.push_back(number);
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

/// Removes a tape that nobody records.
Result<void> remove_tape(const std::string& path) {
  const auto tape = schema::TapeReader::open(path);
  if (!tape) {
    return fail(tape.error());
  }
  if ((*tape)->summary().recording) {
    return fail_io("'" + path + "' is being recorded by another process");
  }
  std::error_code error;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    fs::remove(path + suffix, error);
  }
  return error ? fail_io("cannot remove '" + path + "': " + error.message()) : Result<void>{};
}

}  // namespace

std::string TapeSeries::path_of_part(const std::string& path, int number, bool ring) {
  const fs::path whole(path);
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
  const std::string name =
      whole.stem().string() + (ring ? ".ring." : ".") + digits + whole.extension().string();
  return (whole.parent_path() / name).string();
}

bool TapeSeries::is_there(const std::string& path, const SeriesOptions& options) {
  std::error_code error;
  return options.rotates() ? !parts_there(path, options.keep_ns.has_value()).empty()
                           : fs::exists(path, error);
}

TapeSeries::TapeSeries(std::string path, const SeriesOptions& options)
    : path_(std::move(path)), options_(options) {}

Result<std::unique_ptr<TapeSeries>> TapeSeries::begin(const std::string& path,
                                                      const SeriesOptions& options) {
  auto series = std::unique_ptr<TapeSeries>(new TapeSeries(path, options));
  auto begun = series->begin_first();
  if (!begun) {
    return fail(begun.error());
  }
  return series;
}

Result<void> TapeSeries::begin_first() {
  Part first;
  if (options_.rotates()) {
    const auto there = parts_there(path_, options_.keep_ns.has_value());
    const schema::Existing existing =
        std::exchange(options_.writing.existing, schema::Existing::refuse);
    if (!there.empty() && existing == schema::Existing::refuse) {
      return fail_io("'" + part_path(there.front()) +
                     "' exists; --overwrite removes the parts that are there, --append continues "
                     "them");
    }
    for (const int number : there) {
      if (existing == schema::Existing::append) {
        first.number = number + 1;
      } else if (auto removed = remove_tape(part_path(number)); !removed) {
        return removed;
      }
    }
    series_ = make_uuid();
    if (first.number > 1) {
      const auto last = schema::TapeReader::open(part_path(first.number - 1));
      if (!last) {
        return fail(last.error());
      }
      series_ = (*last)->value("series").value_or(series_);
    }
  }
  parts_.push_back(first);
  auto tape = open_part(first);
  if (!tape) {
    return fail(tape.error());
  }
  tape_ = *std::move(tape);
  return {};
}

std::string TapeSeries::part_path(int number) const {
  return options_.rotates() ? path_of_part(path_, number, options_.keep_ns.has_value()) : path_;
}

Result<std::unique_ptr<schema::TapeWriter>> TapeSeries::open_part(const Part& part) {
  schema::TapeWriterOptions writing = options_.writing;
  writing.wall_now_ns = wall_now_ns();
  auto tape = schema::TapeWriter::open(part_path(part.number), writing);
  if (!tape || !options_.rotates()) {
    return tape;
  }
  values_["series"] = series_;
  values_["part"] = std::to_string(part.number);
  values_["part_start_ns"] = std::to_string(part.start_ns);
  for (const auto& [key, value] : values_) {
    if (auto done = (*tape)->set(key, value); !done) {
      return fail(done.error());
    }
  }
  return tape;
}

bool TapeSeries::is_due(std::int64_t now_ns) const {
  const auto has_come = [&](int times) {
    const auto factor = static_cast<std::uint64_t>(times);
    return (options_.rotate_bytes && part_bytes_ / factor >= *options_.rotate_bytes) ||
           (options_.rotate_ns && (now_ns - parts_.back().start_ns) / times >= *options_.rotate_ns);
  };
  if (part_bytes_ == 0 || now_ns < retry_ns_ || !has_come(1) || tape_->held_bytes() != 0 ||
      tape_->lacks_room()) {
    return false;
  }
  // A roster that is half told would be told half on either part; but some never end.
  bool syncing = false;
  if (const state::State* state = followed_.state()) {
    state->rooms.for_each([&](const state::Room& room) { syncing = syncing || room.syncing; });
  }
  return !syncing || has_come(2);
}

bool TapeSeries::others_at_border(std::uint32_t connection_id) const {
  return std::ranges::all_of(open_, [&](const auto& open) {
    return open.first == connection_id || open.second.at_border();
  });
}

/// The part ends at `at_ns`, and all connections are at the end of a block. Where the disk is full
/// and that is waited for, the part goes on.
Result<void> TapeSeries::next_part(std::int64_t at_ns) {
  const bool waits = options_.writing.on_full == schema::OnFull::hold;
  retry_ns_ = at_ns + part_retry_ns;
  if (auto committed = tape_->commit(); !committed || tape_->held_bytes() != 0) {
    return committed;
  }
  Part part{.number = parts_.back().number + 1, .start_ns = at_ns};
  std::error_code error;
  while (fs::exists(part_path(part.number), error)) {
    ++part.number;  // somebody else's
  }
  auto tape = open_part(part);
  if (!tape) {
    if (waits) {
      return {};
    }
    (void)close_part(at_ns);  // the error that ends the recording is another one
    return fail(tape.error());
  }
  // What the part holds is committed; whether it is closed, and one file, is no reason to stop.
  if (auto closed = close_part(at_ns); !closed && !(waits && tape_->frames_lost() == 0)) {
    return closed;
  }
  earlier_commits_ += tape_->commits();
  tape_ = *std::move(tape);
  parts_.push_back(part);
  part_bytes_ = 0;
  retry_ns_ = 0;
  ids_.clear();
  if (auto begun = begin_with_state(); !begun) {
    return begun;
  }
  for (auto& [id, open] : open_) {
    open.base_bytes = open.frame_bytes;
    open.start.opened_ns = at_ns;
    open.start.wall_ns = wall_now_ns();
    port::ConnectionStart start = open.start;
    start.opened_ns = 0;
    const auto on_tape = tape_->open_connection(start);
    if (!on_tape) {
      return fail(on_tape.error());
    }
    ids_[id] = *on_tape;
  }
  if (auto done = tape_->set("continued_connections", std::to_string(open_.size())); !done) {
    return done;
  }
  forget_old_parts(at_ns);
  return {};
}

Result<void> TapeSeries::begin_with_state() {
  port::ConnectionStart start;
  start.wall_ns = wall_now_ns();
  start.source = state_source;
  const auto id = tape_->open_connection(start);
  if (!id) {
    return fail(id.error());
  }
  if (const state::State* state = followed_.state()) {
    for (const std::string& block : state::restoring_blocks(*state)) {
      if (auto done = tape_->accept({0, *id, 0, true, block}); !done) {
        return done;
      }
    }
  }
  if (auto done = tape_->close_connection(*id, 0, port::ConnectionEnd::finished, ""); !done) {
    return done;
  }
  return tape_->set("state_connection", std::to_string(*id));
}

Result<void> TapeSeries::close_part(std::int64_t at_ns) {
  parts_.back().end_ns = at_ns;
  for (const auto& [id, open] : open_) {
    if (auto closed =
            tape_->close_connection(ids_.at(id), on_part(at_ns), port::ConnectionEnd::stopped,
                                    "it goes on in the next part");
        !closed) {
      return closed;
    }
  }
  return tape_->finish();
}

/// Forgets what no write_out will ask for; in a ring it goes from the disk too.
void TapeSeries::forget_old_parts(std::int64_t now_ns) {
  const std::int64_t ended_until_ns = now_ns - options_.keep_ns.value_or(0);
  while (parts_.size() > 1 && parts_.front().end_ns <= ended_until_ns) {
    if (options_.keep_ns) {
      (void)remove_tape(part_path(parts_.front().number));  // what stays is only too much
    }
    parts_.pop_front();
  }
}

void TapeSeries::remove_parts() {
  for (const Part& part : parts_) {
    (void)remove_tape(part_path(part.number));
  }
}

std::int64_t TapeSeries::on_part(std::int64_t ns) const {
  return std::max<std::int64_t>(ns - parts_.back().start_ns, 0);
}

TapeSeries::Open& TapeSeries::open_of(std::uint32_t connection_id) {
  const auto found = open_.find(connection_id);
  check(found != open_.end(), "a connection that is not open is recorded");
  return found->second;
}

std::int64_t TapeSeries::session_start_ns() const {
  return tape_->session_start_ns();
}

Result<std::uint32_t> TapeSeries::open_connection(const port::ConnectionStart& start) {
  if (is_due(start.opened_ns) && !cut_ && others_at_border(0)) {
    if (auto done = next_part(start.opened_ns); !done) {
      return fail(done.error());
    }
  }
  port::ConnectionStart on_tape = start;
  on_tape.opened_ns = on_part(start.opened_ns);
  auto id = tape_->open_connection(on_tape);
  if (!id) {
    return id;
  }
  followed_.connected();
  ids_[++connections_] = *id;
  open_[connections_] = {.start = start};
  return connections_;
}

Result<void> TapeSeries::note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                                   std::int64_t recv_ns) {
  if (auto passed = pass_cut(); !passed) {
    return passed;
  }
  if (is_due(recv_ns) && others_at_border(connection_id)) {
    if (!open_of(connection_id).at_border()) {
      cut_ = Cut{connection_id, end_offset, recv_ns};
      return {};
    }
    if (auto done = next_part(recv_ns); !done) {
      return done;
    }
  }
  return pass_read(connection_id, end_offset, recv_ns);
}

/// The read that was held back has brought no end of a block.
Result<void> TapeSeries::pass_cut() {
  if (!cut_) {
    return {};
  }
  const Cut cut = *std::exchange(cut_, std::nullopt);
  return pass_read(cut.connection_id, cut.end_offset, cut.recv_ns);
}

Result<void> TapeSeries::pass_read(std::uint32_t connection_id, std::uint64_t end_offset,
                                   std::int64_t recv_ns) {
  Open& open = open_of(connection_id);
  if (end_offset == open.read_bytes) {
    return {};
  }
  open.read_bytes = end_offset;
  return tape_->note_read(ids_.at(connection_id), end_offset - open.base_bytes, on_part(recv_ns));
}

Result<void> TapeSeries::accept(const port::Frame& frame) {
  Open& open = open_of(frame.connection_id);
  open.frame_bytes += frame.raw.size();
  part_bytes_ += frame.raw.size();
  const bool cuts = cut_ && cut_->connection_id == frame.connection_id;
  if (cuts) {
    if (auto done = pass_read(frame.connection_id, open.frame_bytes, cut_->recv_ns); !done) {
      return done;
    }
  }
  port::Frame on_tape = frame;
  on_tape.connection_id = ids_.at(frame.connection_id);
  on_tape.recv_ns = on_part(frame.recv_ns);
  if (auto done = tape_->accept(on_tape); !done) {
    return done;
  }
  derive(frame);
  if (!cuts) {
    return {};
  }
  if (auto done = next_part(cut_->recv_ns); !done) {
    return done;
  }
  return pass_cut();
}

void TapeSeries::derive(const port::Frame& frame) {
  if (!options_.rotates()) {
    return;
  }
  if (followed_.state() == nullptr) {
    const auto self = values_.find("self");
    join_.self = self == values_.end() ? join_.self : self->second;
    followed_.begin(join_);
  }
  followed_.hear(frame);
}

Result<void> TapeSeries::close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                          port::ConnectionEnd end, const std::string& detail) {
  if (auto passed = pass_cut(); !passed) {
    return passed;
  }
  auto closed = tape_->close_connection(ids_.at(connection_id), on_part(closed_ns), end, detail);
  open_.erase(connection_id);
  return closed;
}

Result<void> TapeSeries::note_gap(const port::Gap& gap) {
  port::Gap on_tape = gap;
  const auto id = ids_.find(gap.after_connection);
  on_tape.after_connection = id == ids_.end() ? 0 : id->second;
  on_tape.start_ns = on_part(gap.start_ns);
  on_tape.end_ns = on_part(gap.end_ns);
  return tape_->note_gap(on_tape);
}

Result<void> TapeSeries::note_exchange(const port::Exchange& exchange) {
  if (options_.rotates()) {
    state::Join join = join_;
    if (take_answer(exchange, join)) {
      join_ = std::move(join);
      followed_.clear();  // another conference, and its roster comes first
      values_["self"] = join_.self;
      values_["alias"] = join_.alias;
      values_["conference_name"] = join_.conference_name;
      values_["service_type"] = join_.service_type;
      values_["display_name"] = join_.display_name;
      values_["role"] = join_.role;
    }
  }
  port::Exchange on_tape = exchange;
  on_tape.request_ns = on_part(exchange.request_ns);
  on_tape.response_ns = on_part(exchange.response_ns);
  return tape_->note_exchange(on_tape);
}

Result<void> TapeSeries::commit_if_due(std::int64_t now_ns) {
  return tape_->commit_if_due(on_part(now_ns));
}

Result<void> TapeSeries::finish() {
  return tape_->finish();
}

Result<void> TapeSeries::set(const std::string& key, const std::string& value) {
  values_[key] = value;
  return tape_->set(key, value);
}

Result<void> TapeSeries::write_out(const std::string& path, schema::Existing existing) {
  if (auto committed = tape_->commit(); !committed) {
    return committed;
  }
  std::vector<std::string> paths;
  paths.reserve(parts_.size());
  for (const Part& part : parts_) {
    paths.push_back(part_path(part.number));
  }
  return join_parts(paths, path, existing);
}

}  // namespace tapedeck::cli
