#include "cli/record_output.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "cli/log.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

/// A disk that takes longer for one call does not keep up; that is said once in a while.
constexpr std::int64_t slow_call_ns = ns_per_s;
constexpr std::int64_t slow_quiet_ns = 60 * ns_per_s;

/// Parts of a ring: what is kept is longer than asked for by one of them at most.
constexpr std::int64_t ring_parts = 8;

/// How often SIGUSR1 has come.
volatile std::sig_atomic_t write_outs_asked = 0;

void ask_to_write_out(int /*signal*/) {
  write_outs_asked = write_outs_asked + 1;
}

Result<void> read_commit_bounds(const Values& values, schema::TapeWriterOptions& writing) {
  const auto frames = values.whole("commit-frames", 1);
  if (!frames) {
    return fail(frames.error());
  }
  if (*frames) {
    writing.commit_frames_max = static_cast<std::size_t>(**frames);
  }
  const auto ms = values.whole("commit-ms", 1);
  if (!ms) {
    return fail(ms.error());
  }
  if (*ms) {
    if (**ms > std::numeric_limits<std::int64_t>::max() / ns_per_ms) {
      return fail_usage("--commit-ms: " + std::to_string(**ms) + " is more than 292 years");
    }
    writing.commit_ns_max = **ms * ns_per_ms;
  }
  return {};
}

/// Whether it is the first of two words; `otherwise`: where none is given.
Result<bool> is_one_of(const Values& values, const char* option, const std::string& first,
                       const std::string& second, bool otherwise) {
  const std::string given = values.text(option).value_or(otherwise ? first : second);
  if (given != first && given != second) {
    return fail_usage("--" + std::string(option) + ": '" + given + "' is neither " + first +
                      " nor " + second);
  }
  return given == first;
}

Result<void> read_rotation(const Values& values, SeriesOptions& options) {
  if (values.has("rotate")) {
    for (const std::string& text : values.get<std::vector<std::string>>("rotate")) {
      const bool is_size = text.ends_with('B');
      const bool has_unit = !text.empty() && (text.back() < '0' || text.back() > '9');
      const auto bytes = parse_bytes(text);
      const auto ns = parse_duration(text);
      if (!has_unit || (is_size ? !bytes || *bytes == 0 : !ns || *ns == 0)) {
        return fail_usage("--rotate: '" + text +
                          "' is neither a size like 1GiB nor a time like 1h");
      }
      if (is_size) {
        options.rotate_bytes = *bytes;
      } else {
        options.rotate_ns = *ns;
      }
    }
  }
  const auto ring_ns = values.duration("ring");
  if (!ring_ns) {
    return fail(ring_ns.error());
  }
  if (!*ring_ns) {
    return {};
  }
  if (options.rotates() || values.get<bool>("append")) {
    return fail_usage("--ring does not go with --rotate or --append");
  }
  if (**ring_ns < ns_per_s) {
    return fail_usage("--ring: give it a second at least");
  }
  options.keep_ns = *ring_ns;
  options.rotate_ns = **ring_ns / ring_parts;
  return {};
}

}  // namespace

void add_output_options(Options& options, schema::Durability durability) {
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add()("commit-frames", value("N"), "commit after so many frames [1000]")(
      "commit-ms", value("N"), "commit what is older than so many milliseconds [200]")(
      "durable", value("full|normal"),
      durability == schema::Durability::full
          ? "a commit outlives the power (full) or only the process (normal) [full]"
          : "a commit outlives the power (full) or only the process (normal) [normal]")(
      "on-full", value("stop|wait"),
      "a full disk ends the recording, or the stream is held in memory until there is room [stop]")(
      "min-free", value("SIZE"), "the disk is full when less than this is free, e.g. 1GiB [0]")(
      "rotate", po::value<std::vector<std::string>>()->composing()->value_name("SIZE|TIME"),
      "begin another tape after so much of the stream, e.g. 1GiB, or so long, e.g. 1h; both may be "
      "given; the tapes of -o x.tape are x.001.tape and so on");
}

void add_ring_option(Options& options) {
  options.add()(
      "ring", po::value<std::string>()->value_name("TIME"),
      "keep only the last, e.g. 10m; written to the tape at the end, and at each SIGUSR1 to "
      "x.001.tape and so on");
}

Result<schema::Existing> existing_of(const Values& values) {
  const bool overwrite = values.get<bool>("overwrite");
  const bool append = values.get<bool>("append");
  if (overwrite && append) {
    return fail_usage("--overwrite and --append contradict each other");
  }
  return overwrite ? schema::Existing::overwrite
         : append  ? schema::Existing::append
                   : schema::Existing::refuse;
}

Result<SeriesOptions> output_options_of(const Values& values, schema::Durability durability) {
  SeriesOptions options;
  schema::TapeWriterOptions& writing = options.writing;
  const auto existing = existing_of(values);
  if (!existing) {
    return fail(existing.error());
  }
  writing.existing = *existing;
  if (auto read = read_commit_bounds(values, writing); !read) {
    return fail(read.error());
  }
  const bool is_full = durability == schema::Durability::full;
  const auto full = is_one_of(values, "durable", "full", "normal", is_full);
  const auto stop = is_one_of(values, "on-full", "stop", "wait", true);
  if (!full || !stop) {
    return fail(full ? stop.error() : full.error());
  }
  writing.durability = *full ? schema::Durability::full : schema::Durability::normal;
  writing.on_full = *stop ? schema::OnFull::stop : schema::OnFull::hold;
  if (const auto given = values.text("min-free")) {
    const auto bytes = parse_bytes(*given);
    if (!bytes) {
      return fail_usage("--min-free: " + bytes.error().message);
    }
    writing.free_bytes_min = *bytes;
  }
  if (auto read = read_rotation(values, options); !read) {
    return fail(read.error());
  }
  return options;
}

RecordOutput::RecordOutput(std::unique_ptr<TapeSeries> tape, std::string path,
                           const SeriesOptions& options, port::Clock& clock)
    : tape_(std::move(tape)),
      path_(std::move(path)),
      options_(options),
      clock_(clock),
      first_part_(tape_->part()),
      write_outs_done_(write_outs_asked) {}

Result<std::unique_ptr<RecordOutput>> RecordOutput::open(const std::string& path,
                                                         const SeriesOptions& options,
                                                         port::Clock& clock) {
  std::error_code error;
  if (options.keep_ns && options.writing.existing == schema::Existing::refuse &&
      std::filesystem::exists(path, error)) {
    return fail_io("'" + path + "' exists; --overwrite replaces it");
  }
  auto tape = TapeSeries::begin(path, options);
  if (!tape) {
    return fail(tape.error());
  }
  if (options.keep_ns) {
    struct sigaction action {};
    action.sa_handler = ask_to_write_out;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
  }
  return std::unique_ptr<RecordOutput>(new RecordOutput(*std::move(tape), path, options, clock));
}

std::int64_t RecordOutput::session_start_ns() const {
  return tape_->session_start_ns();
}

/// Makes a call of the tape, and says what it tells about the disk.
template <class Call>
auto RecordOutput::timed(Call call) {
  const std::int64_t before_ns = clock_.now_ns();
  auto done = call();
  const std::int64_t after_ns = clock_.now_ns();
  if (after_ns - before_ns >= slow_call_ns && after_ns >= slow_quiet_until_ns_) {
    slow_quiet_until_ns_ = after_ns + slow_quiet_ns;
    say({.level = Level::warn,
         .event = "disk_slow",
         .message = "the disk of '" + path_ + "' cannot keep up: it took " +
                    format_duration(after_ns - before_ns) +
                    " to write what had come; the stream waits meanwhile, and nothing is dropped"});
  }
  if (done) {
    say_what_is_held();
  }
  return done;
}

void RecordOutput::say_what_is_held() {
  const bool holding = tape_->tape().held_bytes() != 0;
  if (holding == holding_) {
    return;
  }
  holding_ = holding;
  if (holding) {
    holding_since_ns_ = clock_.now_ns();
    say({.level = Level::warn,
         .event = "disk_full",
         .message = "the disk of '" + path_ + "' is full: what comes is held in memory, up to " +
                    format_bytes(limits::held_bytes_max) + ", until there is room"});
  } else {
    waiting_ = false;
    say({.event = "disk_has_room",
         .message = "the disk of '" + path_ + "' has room again after " +
                    format_duration(clock_.now_ns() - holding_since_ns_) +
                    ": what was held is written, and nothing is lost"});
  }
}

bool RecordOutput::is_full() {
  if (tape_->tape().held_bytes() < limits::held_bytes_max) {
    return false;
  }
  if (!std::exchange(waiting_, true)) {
    say({.level = Level::warn,
         .event = "memory_full",
         .message = "the disk of '" + path_ +
                    "' is full, and so is the memory for what is held: the stream waits until "
                    "there is room; SIGTERM ends the recording without what is held"});
  }
  return true;
}

Result<std::uint32_t> RecordOutput::open_connection(const port::ConnectionStart& start) {
  return timed([&] { return tape_->open_connection(start); });
}

Result<void> RecordOutput::note_read(std::uint32_t connection_id, std::uint64_t end_offset,
                                     std::int64_t recv_ns) {
  if (tape_->tape().held_bytes() > limits::held_bytes_max + limits::read_bytes_max) {
    return fail_io("the disk of '" + path_ +
                   "' is full, and so is the memory for what is held; make room, or let --on-full "
                   "stop and --min-free end recordings before that");
  }
  return timed([&] { return tape_->note_read(connection_id, end_offset, recv_ns); });
}

Result<void> RecordOutput::accept(const port::Frame& frame) {
  return timed([&] { return tape_->accept(frame); });
}

Result<void> RecordOutput::close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                            port::ConnectionEnd end, const std::string& detail) {
  return timed([&] { return tape_->close_connection(connection_id, closed_ns, end, detail); });
}

Result<void> RecordOutput::note_gap(const port::Gap& gap) {
  return timed([&] { return tape_->note_gap(gap); });
}

Result<void> RecordOutput::note_exchange(const port::Exchange& exchange) {
  return timed([&] { return tape_->note_exchange(exchange); });
}

Result<void> RecordOutput::commit_if_due(std::int64_t now_ns) {
  auto done = timed([&] { return tape_->commit_if_due(now_ns); });
  if (done && options_.keep_ns && write_outs_done_ != write_outs_asked) {
    write_outs_done_ = write_outs_asked;
    write_out_now();
  }
  return done;
}

/// The flight goes on whatever becomes of the copy.
void RecordOutput::write_out_now() {
  std::string path;
  std::error_code error;
  do {
    path = TapeSeries::path_of_part(path_, ++written_out_);
  } while (std::filesystem::exists(path, error));
  const auto written = tape_->write_out(path, schema::Existing::refuse);
  if (written) {
    say({.event = "written_out",
         .message = "wrote the last " + format_duration(*options_.keep_ns) + " to '" + path + "'"});
  } else {
    say({.level = Level::error, .event = "not_written_out", .message = written.error().message});
  }
}

Result<void> RecordOutput::finish() {
  const bool held = tape_->tape().held_bytes() != 0;
  auto finished = tape_->finish();
  if (finished) {
    say_what_is_held();
  }
  data_was_lost_ = held && !finished && tape_->tape().frames_lost() != 0;
  if (!finished || !options_.keep_ns) {
    return finished;
  }
  auto written = tape_->write_out(path_, options_.writing.existing);
  if (!written) {
    return fail_io(written.error().message + "; what was kept is still on '" +
                   TapeSeries::path_of_part(path_, tape_->part(), true) + "' and those before it");
  }
  tape_->remove_parts();
  return {};
}

std::string RecordOutput::names() const {
  if (options_.keep_ns || !options_.rotates()) {
    return "'" + path_ + "'";
  }
  const std::string first = "'" + TapeSeries::path_of_part(path_, first_part_) + "'";
  return tape_->part() == first_part_
             ? first
             : first + " to '" + TapeSeries::path_of_part(path_, tape_->part()) + "'";
}

Result<void> RecordOutput::set(const std::string& key, const std::string& value) {
  return tape_->set(key, value);
}

std::string RecordOutput::why_stop() const {
  const bool stops = options_.writing.on_full == schema::OnFull::stop && tape_->tape().lacks_room();
  return stops ? "less than " + format_bytes(options_.writing.free_bytes_min) +
                     " is free on the disk, so that what comes from now on is not recorded"
               : "";
}

}  // namespace tapedeck::cli
