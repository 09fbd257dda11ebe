#include "schema/tape_repair.hpp"

#include <filesystem>
#include <memory>
#include <utility>

#include <unistd.h>

#include "schema/new_tape_private.hpp"
#include "schema/tape_file_private.hpp"
#include "schema/tape_mender_private.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::schema {
namespace {

/// "Database File Format", section 1.3.
constexpr std::size_t version_at = 60;
constexpr std::size_t application_id_at = 68;
constexpr std::string_view application_id = "tpdk";

/// No version of the format gets this far: a larger one is a number that was damaged.
constexpr std::uint32_t version_max = 1000;

/// What makes the file that becomes the output; it goes away unless it does.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    ::unlink(path_.c_str());
    remove_side_files(path_);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Failure cannot_repair(const std::string& tape, const std::string& why) {
  return fail_io("cannot repair " + in_quotes(tape) + ": " + why);
}

/// Refuses what is a database, but no tape that this version knows.
Result<void> check_origin(const std::string& path, const FileHead& head, const SalvagedTape& tape,
                          RepairReport& report) {
  const SalvageFile& file = tape.file();
  const bool as_made = tape.tables_as_made() == saved_tables;
  const std::string& header = file.header();
  const bool has_header = file.has_magic() && header.size() >= application_id_at + 4;
  const bool has_id = has_header && header.compare(application_id_at, 4, application_id) == 0;
  if (tape.has_schema() && !has_id && tape.tables_as_made() == 0) {
    return fail_io(in_quotes(path) + " is not a tape");
  }
  const std::uint32_t version = has_header ? big_endian_32(header, version_at) : 0;
  if (has_id && tape.has_schema() && !as_made && version > format_version &&
      version <= version_max) {
    return fail_io(in_quotes(path) + " was written by a newer tapedeck (format version " +
                   std::to_string(version) + ", this one knows " + std::to_string(format_version) +
                   "); upgrade tapedeck to repair it");
  }
  if (!has_id || version != format_version) {
    report.mended.emplace_back("the header of the file");
  }
  if (file.log_pages() != 0) {
    report.remarks.push_back("what its -wal file holds is taken over");
  } else if (head.uses_wal) {
    report.remarks.emplace_back("it asks for a -wal file, and nothing is left in one beside it");
  }
  std::error_code ignored;
  if (std::filesystem::exists(head.path + "-journal", ignored)) {
    report.remarks.emplace_back("its -journal file, which no tapedeck writes, is left out");
  }
  for (const std::string& name : tape.other_tables()) {
    report.remarks.push_back("the table '" + name + "', which is none of a tape, is left out");
  }
  return {};
}

/// Writes what can be saved onto the blank tape at `path`.
Result<void> write_saved(const SalvagedTape& tape, const std::string& from, const std::string& path,
                         const std::string& output, RepairReport& report) {
  auto database = Database::open(path, SQLITE_OPEN_READWRITE);
  if (!database) {
    return fail_io("cannot write " + in_quotes(output) + ": " + database.error().message);
  }
  const auto failed = [&] {
    return fail_io("cannot write " + in_quotes(output) + ": " + database->why());
  };
  // Nobody knows of the file before it is whole.
  if (database->run("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
                    "PRAGMA cache_size = -16384; BEGIN IMMEDIATE") != SQLITE_OK) {
    return failed();
  }
  TapeMender mender(tape, *database, report);
  if (!mender.run()) {
    return failed();
  }
  if (!mender.found_anything() && (tape.is_damaged() || !tape.has_schema())) {
    return tape.has_schema() || tape.file().has_magic()
               ? fail_damaged("nothing can be saved from " + in_quotes(from) +
                              ": no row of a tape is left in it")
               : fail_io(in_quotes(from) + " is not a tape, nor what is left of one");
  }
  return database->run("COMMIT") == SQLITE_OK ? Result<void>{} : Result<void>(failed());
}

/// The new tape is what is promised of it, or it is not given out.
Result<void> verify(const std::string& path, const std::string& tape, RepairReport& report) {
  const auto reader = TapeReader::open(path);
  if (!reader) {
    return cannot_repair(tape, reader.error().message);
  }
  const auto bytes = (*reader)->verify_bytes();
  if (!bytes) {
    return cannot_repair(tape, bytes.error().message);
  }
  if (!bytes->problems.empty()) {
    return cannot_repair(tape,
                         "what is left does not make a tape: " + bytes->problems.front().sentence);
  }
  if (const auto exchanges = (*reader)->exchanges(); !exchanges) {
    return cannot_repair(tape, exchanges.error().message);
  }
  report.digest = bytes->digest;
  return {};
}

}  // namespace

Result<RepairReport> repair_tape(const std::string& tape, const std::string& output,
                                 const RepairOptions& options) {
  const auto head = read_head(tape);
  if (!head) {
    return fail(head.error());
  }
  std::error_code ignored;
  if (std::filesystem::equivalent(head->path, output, ignored)) {
    return fail_usage("the damaged tape is not written to: name another output");
  }
  if (RecordingLock::is_held(head->path)) {
    return fail_io(in_quotes(tape) + " is being recorded by another process");
  }
  const Existing existing = options.overwrite ? Existing::overwrite : Existing::refuse;
  if (auto checked = check_replaceable(output, existing); !checked) {
    return fail(checked.error());
  }
  const auto file = SalvageFile::open(head->path);
  if (!file) {
    return fail(file.error());
  }
  const SalvagedTape salvaged(**file);
  RepairReport report;
  if (auto checked = check_origin(tape, *head, salvaged, report); !checked) {
    return fail(checked.error());
  }
  const std::string path = output + ".part";
  if (auto made = provide_file(path, Existing::overwrite, false); !made) {
    return fail(made.error());
  }
  const Unfinished unfinished(path);
  if (auto saved = write_saved(salvaged, tape, path, output, report); !saved) {
    return fail(saved.error());
  }
  if (auto verified = verify(path, tape, report); !verified) {
    return fail(verified.error());
  }
  if (RecordingLock::is_held(head->path)) {
    return fail_io(in_quotes(tape) + " is being recorded by another process");
  }
  if (auto renamed = rename_tape(path, output, existing); !renamed) {
    return fail(renamed.error());
  }
  return report;
}

}  // namespace tapedeck::schema
