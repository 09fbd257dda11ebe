// Damaged tapes: a good one, with large pages or small ones and with or without a log, whose bytes
// are changed. What is repaired is a tape that verifies, and no frame on it was made up.
//
// Input: a byte that says which tape, then changes of six bytes (4 of place, 1 of length, 1 of
// value) after the size, in 4 bytes, that is cut off.
#include <cstdio>
#include <set>
#include <string>

#include <sqlite3.h>

#include "schema/tape_repair.hpp"
#include "tests/fuzz/file_bytes.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_faults.hpp"
#include "tests/support/tape_user.hpp"

namespace tapedeck::fuzz {
namespace {

void with_small_pages(const std::string& path) {
  sqlite3* database = nullptr;
  const bool done = sqlite3_open(path.c_str(), &database) == SQLITE_OK &&
                    sqlite3_exec(database, "PRAGMA page_size = 512; VACUUM", nullptr, nullptr,
                                 nullptr) == SQLITE_OK;
  sqlite3_close(database);
  check(done, "a tape with small pages");
}

/// The tapes that are damaged.
struct Good {
  test::TemporaryFolder folder;
  test::FaultyDisk disk;
  std::string large;
  std::string small;
  std::string log;  // beside the large one

  Good() {
    disk.skip_syncs();
    test::make_full_tape(folder.path("good.tape"));
    large = read_file(folder.path("good.tape"));
    test::make_full_tape(folder.path("small.tape"));
    with_small_pages(folder.path("small.tape"));
    small = read_file(folder.path("small.tape"));
    test::TapeBuilder going_on(folder.path("good.tape"), schema::Existing::append);
    going_on.connect(500).frame(510, "data: in the log\n\n");
    check(going_on.writer().commit_if_due(1'000'000'000'000).has_value(), "a commit");
    log = read_file(folder.path("good.tape-wal"));
  }
};

std::uint32_t number_of(Input& input) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = number << 8U | input.byte();
  }
  return number;
}

/// Damages `bytes`, and gives how many of them.
std::size_t change(std::string& bytes, Input& input) {
  const std::size_t whole = bytes.size();
  bytes.resize(bytes.size() - number_of(input) % 65'536 % (bytes.size() + 1));
  std::size_t changed = whole - bytes.size();
  while (!input.empty() && !bytes.empty()) {
    const std::size_t place = number_of(input) % bytes.size();
    const std::size_t length = std::min<std::size_t>(input.byte() % 8 + 1U, bytes.size() - place);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(place), length,
                static_cast<char>(input.byte()));
    changed += length;
  }
  return changed;
}

void expect_whole(const schema::RepairReport& report, const std::string& path,
                  std::size_t changed) {
  const auto tape = schema::TapeReader::open(path);
  check(tape.has_value(), "what is repaired opens");
  const auto bytes = (*tape)->verify_bytes();
  check(bytes && bytes->problems.empty(), "what is repaired verifies");
  const std::string complaint = test::use_tape(path);
  check(complaint.empty(), complaint.c_str());
  check(bytes->frame_count == report.frames, "the report counts the frames");
  // Each frame is one of those that were there; a change reaches one of them at most.
  std::size_t strange = 0;
  for (const test::OwnedFrame& frame : test::frames_of(**tape)) {
    const std::string& raw = frame.raw;
    const bool is_block = raw.starts_with("data: ") && raw.ends_with("\n\n") &&
                          (raw.find_first_not_of('x', 6) == raw.size() - 2 || raw.size() <= 20);
    strange += is_block ? 0U : 1U;
  }
  check(strange <= changed, "no frame is made up");
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  static const fuzz::Good good;
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  const std::string path = good.folder.path("damaged.tape");
  const std::string saved = good.folder.path("saved.tape");
  std::remove((path + "-wal").c_str());
  std::string tape = choice % 3 == 1 ? good.small : good.large;
  std::size_t changed = 0;
  if (choice % 3 == 2) {
    std::string log = good.log;
    changed = fuzz::change(log, input);
    fuzz::write_file(path + "-wal", log);
  } else {
    changed = fuzz::change(tape, input);
  }
  fuzz::write_file(path, tape);
  const auto report = schema::repair_tape(path, saved, {.overwrite = true});
  if (report) {
    fuzz::expect_whole(*report, saved, changed);
    std::remove(saved.c_str());
  } else {
    const std::string& message = report.error().message;
    check(!message.empty() && message.find('\n') == std::string::npos, "one sentence");
    check(message.find("does not make a tape") == std::string::npos, message.c_str());
  }
  return 0;
}
