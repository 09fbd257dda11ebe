// What cannot be read or recorded onto: one sentence that says why and what to do.
#include <algorithm>
#include <filesystem>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/schema/tape_test.hpp"

namespace tapedeck::schema {
namespace {

using test::TapeBuilder;
using test::TemporaryFolder;

constexpr TapeWriterOptions append{.existing = Existing::append};
constexpr TapeWriterOptions overwrite{.existing = Existing::overwrite};

/// A process that wants to continue a tape when it is told to. It is made before the tape is opened
/// here: a child of SQLite takes the locks of its parent for its own.
class AnotherProcess {
 public:
  AnotherProcess() {
    EXPECT_EQ(::pipe(question_), 0);
    EXPECT_EQ(::pipe(answer_), 0);
    child_ = ::fork();
    if (child_ == 0) {
      const std::string refusal = refusal_to_record(receive(question_[0]), append);
      send(answer_[1], refusal.empty() ? "it can" : refusal);
      ::_exit(0);
    }
  }
  AnotherProcess(const AnotherProcess&) = delete;
  AnotherProcess& operator=(const AnotherProcess&) = delete;
  ~AnotherProcess() {
    for (const int fd : {question_[0], question_[1], answer_[0], answer_[1]}) {
      ::close(fd);
    }
    ::waitpid(child_, nullptr, 0);
  }

  std::string refusal_to_continue(const std::string& path) {
    send(question_[1], path);
    return receive(answer_[0]);
  }

 private:
  static void send(int fd, const std::string& text) {
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  static std::string receive(int fd) {
    std::string text(4096, ' ');
    text.resize(
        static_cast<std::size_t>(std::max<ssize_t>(::read(fd, text.data(), text.size()), 0)));
    return text;
  }

  int question_[2] = {-1, -1};
  int answer_[2] = {-1, -1};
  pid_t child_ = -1;
};

TEST(TapeReader, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(refusal_to_read(folder.path("no.tape")),
            "cannot open '" + folder.path("no.tape") + "': No such file or directory");
  EXPECT_EQ(refusal_to_read(folder.path("")),
            "'" + folder.path("") + "' is a folder; give the name of a tape");
  EXPECT_EQ(refusal_to_read(""), "cannot open '': No such file or directory");
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal_to_read(folder.path("pipe")),
            "'" + folder.path("pipe") + "' is not a file; give the name of a tape");
}

TEST(TapeReader, RefusesATapeWithSomethingElseInThePlaceOfItsLog) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    const std::string beside = folder.path() + suffix;
    ASSERT_EQ(::mkfifo(beside.c_str(), 0600), 0);
    const std::string sentence =
        "cannot open '" + folder.path() + "': '" + beside + "' is not a file; move it away";
    EXPECT_EQ(refusal_to_read(folder.path()), sentence);
    EXPECT_EQ(refusal_to_record(folder.path(), append), sentence);
    std::filesystem::remove(beside);
  }
}

TEST(TapeReader, RefusesAFileThatMayNotBeRead) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0755));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0));
  const WithoutPrivilege nobody;
  EXPECT_EQ(refusal_to_read(folder.path()),
            "cannot open '" + folder.path() + "': Permission denied");
}

TEST(TapeReader, RefusesAFileThatIsNoTape) {
  const TemporaryFolder folder;
  write_all(folder.path("empty"), "");
  EXPECT_EQ(refusal_to_read(folder.path("empty")),
            "'" + folder.path("empty") + "' is empty: it is not a tape");
  const std::string no_tape =
      "' is not a tape; 'tapedeck record' makes one, and 'tapedeck repair' saves what is left of "
      "one";
  write_all(folder.path("text"), std::string(5000, 'x'));
  EXPECT_EQ(refusal_to_read(folder.path("text")), "'" + folder.path("text") + no_tape);
  write_all(folder.path("short"), "SQLite format 3");
  EXPECT_EQ(refusal_to_read(folder.path("short")), "'" + folder.path("short") + no_tape);
  run_sql(folder.path("other"), "PRAGMA application_id = 5; CREATE TABLE frames (seq INTEGER)");
  EXPECT_EQ(refusal_to_read(folder.path("other")), "'" + folder.path("other") + no_tape);
}

TEST(TapeReader, RefusesANewerVersion) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  // Whatever tables that version may have.
  run_sql(folder.path(), "PRAGMA user_version = 7; DROP TABLE frames; DROP TABLE tape");
  const std::string sentence =
      "'" + folder.path() +
      "' was written by a newer tapedeck (format version 7, this one knows 1); upgrade tapedeck to "
      "read it";
  EXPECT_EQ(refusal_to_read(folder.path()), sentence);
  EXPECT_EQ(refusal_to_record(folder.path(), append), sentence);
}

TEST(TapeReader, RefusesAVersionThatNeverWas) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  for (const char* version : {"0", "-1"}) {
    run_sql(folder.path(), std::string("PRAGMA user_version = ") + version);
    EXPECT_EQ(refusal_to_read(folder.path()),
              "'" + folder.path() +
                  "' is damaged or was not made by tapedeck: there is no format version " +
                  version);
  }
}

TEST(TapeReader, ReadsFromAFolderThatCannotBeWrittenTo) {
  const TemporaryFolder folder;
  test::make_tape(folder.path("closed"), "data: a\n\n");
  // Merged by the last who closed it, but still marked for a write-ahead log.
  test::make_tape(folder.path("wal"), "data: a\n\n");
  run_sql(folder.path("wal"), "PRAGMA journal_mode = WAL");
  // Its last reader could not remove the empty log.
  test::make_tape(folder.path("empty-log"), "data: a\n\n");
  run_sql(folder.path("empty-log"), "PRAGMA journal_mode = WAL");
  write_all(folder.path("empty-log-wal"), "");
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0555));
  {
    const WithoutPrivilege nobody;
    for (const char* name : {"closed", "wal", "empty-log"}) {
      const auto tape = open_tape(folder.path(name));
      ASSERT_TRUE(tape) << name;
      EXPECT_EQ(test::body_of(*tape), "data: a\n\n") << name;
      EXPECT_TRUE(tape->verify_bytes()->problems.empty()) << name;
    }
  }
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0755));
}

TEST(TapeReader, SaysHowToReadACutOffTapeFromAFolderThatCannotBeWrittenTo) {
  const TemporaryFolder folder;
  {
    auto writer = *TapeWriter::open(folder.path("running"), {});
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(folder.path("running") + suffix,
                                 folder.path() + std::string(suffix));
    }
  }
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0555));
  {
    const WithoutPrivilege nobody;
    EXPECT_NE(refusal_to_read(folder.path()).find("copy both there"), std::string::npos)
        << refusal_to_read(folder.path());
  }
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0755));
  EXPECT_EQ(refusal_to_read(folder.path()), "");
}

TEST(TapeWriter, RefusesAnOutputThatExists) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  write_all(folder.path("text"), "mine");
  for (const char* name : {"test.tape", "text"}) {
    const std::string before = test::read_file(folder.path(name));
    EXPECT_EQ(refusal_to_record(folder.path(name)),
              "'" + folder.path(name) + "' exists; --overwrite replaces it, --append continues it");
    EXPECT_EQ(test::read_file(folder.path(name)), before);
  }
}

TEST(TapeWriter, LeavesWhatIsNoTapeAlone) {
  const TemporaryFolder folder;
  write_all(folder.path("text"), "mine");
  write_all(folder.path("text-wal"), "mine too");
  for (const TapeWriterOptions& options : {append, overwrite}) {
    EXPECT_EQ(refusal_to_record(folder.path("text"), options),
              "'" + folder.path("text") + "' exists and is not a tape; name another output");
    EXPECT_EQ(test::read_file(folder.path("text")), "mine");
    EXPECT_EQ(test::read_file(folder.path("text-wal")), "mine too");
  }
}

TEST(TapeWriter, RefusesAFolderOrADeviceAsOutput) {
  const TemporaryFolder folder;
  for (const TapeWriterOptions& options : {append, overwrite}) {
    EXPECT_EQ(refusal_to_record(folder.path(""), options),
              "'" + folder.path("") + "' is a folder; give the name of a tape");
    EXPECT_EQ(refusal_to_record("/dev/null", options),
              "'/dev/null' is not a file; give the name of a tape");
  }
  EXPECT_NE(refusal_to_record(folder.path("")), "");
  EXPECT_NE(refusal_to_record("/dev/null"), "");
  EXPECT_NE(refusal_to_record(""), "");
}

TEST(TapeWriter, NamesTheFolderThatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_EQ(refusal_to_record(folder.path("no/a.tape")),
            "cannot make '" + folder.path("no/a.tape") + "': there is no folder '" +
                folder.path("no") + "'; make it first");
  write_all(folder.path("file"), "");
  EXPECT_EQ(refusal_to_record(folder.path("file/a.tape")),
            "cannot make '" + folder.path("file/a.tape") + "': Not a directory");
}

TEST(TapeWriter, RefusesAFolderThatCannotBeWrittenTo) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0555));
  {
    const WithoutPrivilege nobody;
    EXPECT_EQ(refusal_to_record(folder.path("new")),
              "cannot make '" + folder.path("new") + "': its folder cannot be written to");
    EXPECT_EQ(refusal_to_record(folder.path(), overwrite),
              "cannot make '" + folder.path() + "': its folder cannot be written to");
    EXPECT_EQ(
        refusal_to_record(folder.path(), append),
        "cannot record onto '" + folder.path() + "': it, or its folder, cannot be written to");
  }
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0755));
  EXPECT_EQ(test::body_of(*open_tape(folder.path())), "data: a\n\n");
}

TEST(TapeWriter, LeavesNoFileBehindWhereThereIsNoRoomForOne) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    // A write past this size fails, as on a full disk.
    const struct rlimit limit { 100'000, 100'000 };
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(TapeWriter::open(folder.path(), {}) ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("")));
}

TEST(TapeWriter, IsOneAtATime) {
  const TemporaryFolder folder;
  AnotherProcess other;
  auto writer = *TapeWriter::open(folder.path(), {.commit_frames_max = 1});
  const auto id = *writer->open_connection({});
  ASSERT_TRUE(writer->accept({0, id, 1, true, "a\n\n"}));
  for (const TapeWriterOptions& options : {append, overwrite}) {
    EXPECT_EQ(refusal_to_record(folder.path(), options),
              "'" + folder.path() + "' is being recorded by another process");
  }
  EXPECT_EQ(other.refusal_to_continue(folder.path()),
            "'" + folder.path() + "' is being recorded by another process");
  ASSERT_TRUE(writer->accept({0, id, 2, true, "b\n\n"})) << "the first one is not disturbed";
  ASSERT_TRUE(writer->finish());
  writer.reset();
  EXPECT_EQ(test::body_of(*open_tape(folder.path())), "a\n\nb\n\n");
  EXPECT_EQ(refusal_to_record(folder.path(), append), "");
}

TEST(TapeReader, KeepsItsLockWhateverElseTheProcessOpens) {
  const TemporaryFolder folder;
  AnotherProcess other;
  test::make_tape(folder.path(), "data: a\n\n");
  const auto tape = open_tape(folder.path());
  // POSIX drops the locks of a process on a file when the process closes any descriptor of it.
  EXPECT_TRUE(open_tape(folder.path()));
  EXPECT_NE(refusal_to_record(folder.path(), {}), "");
  EXPECT_NE(other.refusal_to_continue(folder.path()).find("locked"), std::string::npos);
}

TEST(TapeWriter, SaysThatATapeIsBeingRead) {
  const TemporaryFolder folder;
  test::make_tape(folder.path(), "data: a\n\n");
  const auto reader = open_tape(folder.path());
  EXPECT_EQ(refusal_to_record(folder.path(), append),
            "cannot record onto '" + folder.path() +
                "': another process has locked it; try again when that one is done");
  EXPECT_EQ(test::body_of(*reader), "data: a\n\n");
}

}  // namespace
}  // namespace tapedeck::schema
