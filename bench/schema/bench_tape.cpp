// The tape beside SQLite itself: what a bare loop of inserts writes, what a bare SELECT reads.
//
//   bench_tape [--corpus_mib=64] [--folder=PATH] [--benchmark_...]
//
// Frames of 1.1 KB. Everything is written with synchronous = FULL, 1,000 frames a commit, into
// files in the folder (by default that of temporary files, which should be on a disk). What was
// written is read back and compared before anything is timed.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include "bench/sse/stream_corpus.hpp"
#include "bench/support/arguments.hpp"
#include "core/base/check.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/sse/frame_splitter.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::bench {
namespace {

constexpr std::int64_t frame_step_ns = 100'000;

/// The frames to record; they point into the corpus.
struct Frames {
  StreamCorpus corpus;
  std::vector<std::string_view> raw;
  std::string folder;

  [[nodiscard]] std::string path(const std::string& name) const { return folder + '/' + name; }
};

Frames make_frames(std::size_t size, const std::string& folder) {
  Frames frames{participant_corpus(size), {}, folder};
  sse::FrameSplitter splitter;
  splitter.push(frames.corpus.bytes);
  while (const auto block = splitter.next()) {
    frames.raw.push_back(block->raw);
  }
  check(frames.raw.size() == frames.corpus.answer.messages, "the splitter gives every block");
  return frames;
}

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Close>;
using Query = std::unique_ptr<sqlite3_stmt, Close>;

Handle open_bare(const std::string& path) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  check(sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) == SQLITE_OK, "SQLite opens");
  return Handle(handle);
}

void run_bare(const Handle& database, const std::string& sql) {
  check(sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK,
        "SQLite runs");
}

Query prepare_bare(const Handle& database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database.get(), sql, -1, &statement, nullptr) == SQLITE_OK,
        "SQLite prepares");
  return Query(statement);
}

void remove_bare(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(path + suffix);
  }
}

/// The fastest that SQLite stores blobs in order: one table without an index, one column.
void write_bare(const Frames& frames, const std::string& path, int page_bytes) {
  remove_bare(path);
  const Handle database = open_bare(path);
  run_bare(database, "PRAGMA page_size = " + std::to_string(page_bytes) +
                         "; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                         "CREATE TABLE frames (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL)");
  const Query insert = prepare_bare(database, "INSERT INTO frames VALUES (?1, ?2)");
  std::int64_t seq = 0;
  for (const std::string_view raw : frames.raw) {
    if (seq % static_cast<std::int64_t>(limits::commit_frames_max) == 0) {
      run_bare(database, seq == 0 ? "BEGIN" : "COMMIT; BEGIN");
    }
    sqlite3_bind_int64(insert.get(), 1, ++seq);
    sqlite3_bind_blob64(insert.get(), 2, raw.data(), raw.size(), SQLITE_STATIC);
    check(sqlite3_step(insert.get()) == SQLITE_DONE, "SQLite inserts");
    sqlite3_reset(insert.get());
  }
  run_bare(database, "COMMIT");
}

/// What reads bring: as many frames as fit in one, or each frame by itself as it happens live.
enum class Reads { full, frame_by_frame };

void write_tape(const Frames& frames, const std::string& path, Reads reads) {
  // Time goes fast enough here that only the number of frames makes a commit due.
  auto writer = schema::TapeWriter::open(
      path, {.existing = schema::Existing::overwrite, .commit_ns_max = 3600 * ns_per_s});
  check(writer.has_value(), "the tape opens");
  port::RecordingSink& sink = **writer;
  const auto id = sink.open_connection({});
  check(id.has_value(), "the connection opens");
  std::uint64_t offset = 0;
  std::uint64_t read_end = 0;
  std::int64_t now_ns = 0;
  for (const std::string_view raw : frames.raw) {
    offset += raw.size();
    now_ns += frame_step_ns;
    while (read_end < offset) {
      read_end = reads == Reads::full ? std::min<std::uint64_t>(read_end + limits::read_bytes_max,
                                                                frames.corpus.bytes.size())
                                      : offset;
      check(sink.note_read(*id, read_end, now_ns).has_value(), "the read is noted");
    }
    check(sink.accept({0, *id, now_ns, true, raw}).has_value(), "the frame is accepted");
  }
  const auto closed = sink.close_connection(*id, now_ns, port::ConnectionEnd::finished, "");
  check(closed.has_value() && sink.finish().has_value(), "the tape is closed");
}

std::unique_ptr<schema::TapeReader> open_tape(const std::string& path) {
  auto tape = schema::TapeReader::open(path);
  check(tape.has_value(), "the tape opens");
  return *std::move(tape);
}

/// Calls `found` with the raw bytes of each frame.
template <class Found>
void read_tape(const std::string& path, Found found) {
  const auto tape = open_tape(path);
  const auto source = tape->frames();
  check(source.has_value(), "the frames open");
  while (true) {
    const auto frame = (*source)->next();
    check(frame.has_value(), "the frame is read");
    if (!*frame) {
      return;
    }
    found((*frame)->raw);
  }
}

template <class Found>
void read_bare(const std::string& path, Found found) {
  const Handle database = open_bare(path);
  const Query select = prepare_bare(database, "SELECT raw FROM frames ORDER BY seq");
  while (sqlite3_step(select.get()) == SQLITE_ROW) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(select.get(), 0));
    found(std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(select.get(), 0))));
  }
}

/// All that a frame is, from a tape, and nothing checked. Returns the bytes.
std::size_t read_bare_rows(const std::string& path) {
  const Handle database = open_bare(path);
  const Query select = prepare_bare(
      database, "SELECT seq, connection_id, recv_ns, complete, raw FROM frames ORDER BY seq");
  std::size_t bytes = 0;
  while (sqlite3_step(select.get()) == SQLITE_ROW) {
    for (int column = 0; column < 4; ++column) {
      benchmark::DoNotOptimize(sqlite3_column_int64(select.get(), column));
    }
    benchmark::DoNotOptimize(sqlite3_column_blob(select.get(), 4));
    bytes += static_cast<std::size_t>(sqlite3_column_bytes(select.get(), 4));
  }
  return bytes;
}

void check_answers(const Frames& frames) {
  const auto expect_all = [&](auto read, const std::string& path) {
    std::size_t count = 0;
    read(path, [&](std::string_view raw) { check(raw == frames.raw[count++], "the same frame"); });
    check(count == frames.raw.size(), "every frame comes back");
  };
  const auto bare = [](const std::string& path, auto found) { read_bare(path, found); };
  const auto tape = [](const std::string& path, auto found) { read_tape(path, found); };
  write_bare(frames, frames.path("bare.db"), 65536);
  expect_all(bare, frames.path("bare.db"));
  for (const Reads reads : {Reads::frame_by_frame, Reads::full}) {
    write_tape(frames, frames.path("read.tape"), reads);
    expect_all(tape, frames.path("read.tape"));
    check(open_tape(frames.path("read.tape"))->verify_bytes()->problems.empty(), "it verifies");
  }
}

void count(benchmark::State& state, const Frames& frames) {
  const auto runs = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(runs * static_cast<std::int64_t>(frames.corpus.bytes.size()));
  state.SetItemsProcessed(runs * static_cast<std::int64_t>(frames.raw.size()));
}

void run_write_bare(benchmark::State& state, const Frames& frames, int page_bytes) {
  for (auto _ : state) {
    write_bare(frames, frames.path("write.db"), page_bytes);
  }
  count(state, frames);
}

void run_write_tape(benchmark::State& state, const Frames& frames, Reads reads) {
  for (auto _ : state) {
    write_tape(frames, frames.path("write.tape"), reads);
  }
  count(state, frames);
}

void run_read_bare(benchmark::State& state, const Frames& frames) {
  for (auto _ : state) {
    std::size_t bytes = 0;
    read_bare(frames.path("bare.db"), [&](std::string_view raw) { bytes += raw.size(); });
    check(bytes == frames.corpus.bytes.size(), "every byte is read");
  }
  count(state, frames);
}

void run_read_bare_rows(benchmark::State& state, const Frames& frames) {
  for (auto _ : state) {
    check(read_bare_rows(frames.path("read.tape")) == frames.corpus.bytes.size(),
          "every byte is read");
  }
  count(state, frames);
}

void run_read_tape(benchmark::State& state, const Frames& frames) {
  for (auto _ : state) {
    std::size_t bytes = 0;
    read_tape(frames.path("read.tape"), [&](std::string_view raw) { bytes += raw.size(); });
    check(bytes == frames.corpus.bytes.size(), "every byte is read");
  }
  count(state, frames);
}

void run_verify(benchmark::State& state, const Frames& frames) {
  for (auto _ : state) {
    const auto report = open_tape(frames.path("read.tape"))->verify_bytes();
    check(report && report->problems.empty(), "the tape is whole");
    check(report->bytes == frames.corpus.bytes.size(), "every byte is verified");
  }
  count(state, frames);
}

/// Seeks to a time and reads the frame there.
void run_seek(benchmark::State& state, const Frames& frames) {
  const auto tape = open_tape(frames.path("read.tape"));
  std::uint64_t place = 0;
  for (auto _ : state) {
    place = (place * 2862933555777941757U + 3037000493U) % frames.raw.size();
    const auto from_ns = static_cast<std::int64_t>(place + 1) * frame_step_ns;
    const auto source = tape->frames({.from_ns = from_ns});
    const auto frame = (*source)->next();
    check(frame && *frame && (*frame)->seq == place + 1, "the frame of that time");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void add_benchmarks(const Frames& frames) {
  const auto add = [&](const char* name, auto run, auto... more) {
    return benchmark::RegisterBenchmark(name, run, std::cref(frames), more...)
        ->Unit(benchmark::kMillisecond);
  };
  // Who waits for the disk needs real time; for the others the processor's is what they take.
  add("record/bare_4k", run_write_bare, 4096)->UseRealTime();
  add("record/bare_16k", run_write_bare, 16384)->UseRealTime();
  add("record/bare_64k", run_write_bare, 65536)->UseRealTime();
  add("record/tape", run_write_tape, Reads::full)->UseRealTime();
  add("record/tape_frame_by_frame", run_write_tape, Reads::frame_by_frame)->UseRealTime();
  add("read/bare_raw", run_read_bare);
  add("read/bare_rows", run_read_bare_rows);
  add("read/tape", run_read_tape);
  add("verify", run_verify);
  add("seek", run_seek);
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  using namespace tapedeck::bench;
  const Arguments given = take_arguments(argc, argv, 64);
  const ScratchFolder folder(given.folder);
  const Frames frames = make_frames(given.corpus_mib << 20U, folder.path());
  check_answers(frames);
  return run_benchmarks(argc, argv, [&] { add_benchmarks(frames); });
}
