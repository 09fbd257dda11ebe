// Hostile tapes: a good one with bytes changed in the file or its log, or with whatever SQL was run
// on it. Opening and reading it ends in values or sentences.
//
// Input: a byte that says which, then SQL, or changes of six bytes (4 of place, 1 of length, 1 of
// value) of which the first is the size that the file is cut to.
#include <string>

#include <sqlite3.h>

#include "schema/tape_index.hpp"
#include "tests/fuzz/file_bytes.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/tape_builder.hpp"
#include "tests/support/tape_user.hpp"

namespace tapedeck::fuzz {
namespace {

/// A tape with something in every table, and with a log beside it.
struct Good {
  test::TemporaryFolder folder;
  std::string tape;
  std::string log;

  Good() {
    test::make_full_tape(folder.path("good.tape"));
    const auto index = schema::TapeIndex::change(folder.path("good.tape"));
    check(index && (*index)->add(5, 1, "a state") && (*index)->finish(), "an index");
    tape = read_file(folder.path("good.tape"));
    test::TapeBuilder going_on(folder.path("good.tape"), schema::Existing::append);
    going_on.connect(500).frame(510, "data: in the log\n\n");
    check(going_on.writer().commit_if_due(1'000'000'000'000).has_value(), "a commit");
    log = read_file(folder.path("good.tape-wal"));
  }
};

/// Statements that reach beyond the file, and endless ones, are refused.
int authorize(void* /*unused*/, int action, const char* /*first*/, const char* /*second*/,
              const char* /*database*/, const char* /*trigger*/) {
  return action == SQLITE_ATTACH || action == SQLITE_DETACH || action == SQLITE_PRAGMA ? SQLITE_DENY
                                                                                       : SQLITE_OK;
}
int stop(void* /*unused*/) {
  return 1;
}

void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  if (sqlite3_open(path.c_str(), &database) == SQLITE_OK) {
    sqlite3_exec(database, "PRAGMA writable_schema = ON; PRAGMA synchronous = OFF", nullptr,
                 nullptr, nullptr);
    sqlite3_set_authorizer(database, authorize, nullptr);
    sqlite3_progress_handler(database, 20'000, stop, nullptr);
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1'000'000);
    sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  }
  sqlite3_close(database);
}

std::uint32_t number_of(Input& input) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = number << 8U | input.byte();
  }
  return number;
}

void change(std::string& bytes, Input& input) {
  bytes.resize(bytes.size() - number_of(input) % 65'536 % (bytes.size() + 1));
  while (!input.empty() && !bytes.empty()) {
    const std::size_t place = number_of(input) % bytes.size();
    const std::size_t length = std::min<std::size_t>(input.byte() % 8 + 1U, bytes.size() - place);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(place), length,
                static_cast<char>(input.byte()));
  }
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  static const fuzz::Good good;
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  const std::string path = good.folder.path("hostile.tape");
  const std::string log_path = path + "-wal";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::remove((path + suffix).c_str());
  }
  std::string tape = good.tape;
  if (choice % 3 == 0) {
    fuzz::write_file(path, tape);
    fuzz::run_sql(path, std::string(input.rest()));
  } else if (choice % 3 == 1) {
    fuzz::change(tape, input);
    fuzz::write_file(path, tape);
  } else {
    std::string log = good.log;
    fuzz::change(log, input);
    fuzz::write_file(path, tape);
    fuzz::write_file(log_path, log);
  }
  const std::string complaint = test::use_tape(path);
  check(complaint.empty(), complaint.c_str());
  return 0;
}
