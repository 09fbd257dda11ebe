#include "recorder/file_source.hpp"

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/units.hpp"
#include "recorder/event_loop.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::recorder {
namespace {

/// Stands in for stdin as long as it lives.
class PipedStdin {
 public:
  PipedStdin() : saved_(::dup(STDIN_FILENO)) {
    EXPECT_EQ(::pipe(ends_), 0);
    EXPECT_EQ(::dup2(ends_[0], STDIN_FILENO), STDIN_FILENO);
  }
  PipedStdin(const PipedStdin&) = delete;
  PipedStdin& operator=(const PipedStdin&) = delete;
  ~PipedStdin() {
    close_writer();
    ::close(ends_[0]);
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  void write(std::string_view bytes) {
    EXPECT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void close_writer() {
    if (ends_[1] >= 0) {
      ::close(std::exchange(ends_[1], -1));
    }
  }

 private:
  int saved_;
  int ends_[2] = {-1, -1};
};

class FileSourceTest : public testing::Test {
 protected:
  [[nodiscard]] std::int64_t soon() { return loop_.now_ns() + 5 * ns_per_s; }
  static std::string bytes_of(const SourceEvent& event) {
    const auto* arrived = std::get_if<Arrived>(&event);
    return arrived != nullptr ? std::string(arrived->bytes) : "(no bytes)";
  }
  std::string refusal_of(const std::string& path) {
    FileSource source(loop_, path);
    source.open("");
    const auto event = source.next(soon());
    const auto* refused = std::get_if<Refused>(&event);
    EXPECT_TRUE(refused == nullptr || !refused->worth_retrying);
    return refused != nullptr ? refused->reason : "(opened)";
  }
  std::string write_file(const std::string& bytes) {
    std::string path = folder_.path("body.sse");
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  test::TemporaryFolder folder_;
  EventLoop loop_;
};

TEST_F(FileSourceTest, AFileIsReadToItsEnd) {
  const std::string body(3 * limits::read_bytes_max + 17, 'x');
  FileSource source(loop_, write_file(body));
  source.open("");
  const auto opened = source.next(soon());
  ASSERT_TRUE(std::holds_alternative<Opened>(opened));
  EXPECT_EQ(std::get<Opened>(opened).source, folder_.path("body.sse"));
  EXPECT_EQ(std::get<Opened>(opened).http_status, 0);
  std::string read;
  auto event = source.next(soon());
  for (; std::holds_alternative<Arrived>(event); event = source.next(soon())) {
    read += std::get<Arrived>(event).bytes;
  }
  EXPECT_EQ(read, body);
  ASSERT_TRUE(std::holds_alternative<Ended>(event));
  EXPECT_EQ(std::get<Ended>(event).end, port::ConnectionEnd::finished);
}

TEST_F(FileSourceTest, WhatIsPipedInKeepsItsBorders) {
  PipedStdin pipe;
  FileSource source(loop_, "-");
  source.open("");
  const auto opened = source.next(soon());
  ASSERT_TRUE(std::holds_alternative<Opened>(opened));
  EXPECT_EQ(std::get<Opened>(opened).source, "-");
  for (const char* bytes : {"data: 1\n\n", "da", "ta: 2"}) {
    pipe.write(bytes);
    EXPECT_EQ(bytes_of(source.next(soon())), bytes);
  }
  EXPECT_TRUE(std::holds_alternative<Nothing>(source.next(loop_.now_ns() + ns_per_ms)));
  pipe.close_writer();
  EXPECT_TRUE(std::holds_alternative<Ended>(source.next(soon())));
}

TEST_F(FileSourceTest, StdinStaysAsItWasForOthers) {
  PipedStdin pipe;
  pipe.write("x");
  {
    FileSource source(loop_, "-");
    source.open("");
    ASSERT_TRUE(std::holds_alternative<Opened>(source.next(soon())));
    EXPECT_EQ(bytes_of(source.next(soon())), "x");
  }
  EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(FileSourceTest, ASignalEndsTheWaitForAPipeThatSaysNothing) {
  PipedStdin pipe;
  ASSERT_TRUE(loop_.catch_signals());
  FileSource source(loop_, "-");
  source.open("");
  ASSERT_TRUE(std::holds_alternative<Opened>(source.next(soon())));
  ::kill(::getpid(), SIGINT);
  EXPECT_TRUE(std::holds_alternative<Nothing>(source.next(loop_.now_ns() + 3600 * ns_per_s)));
  EXPECT_TRUE(loop_.stop_requested());
}

TEST_F(FileSourceTest, AFifoIsWaitedForUntilItsWriterCame) {
  const std::string path = folder_.path("fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  FileSource source(loop_, path);
  source.open("");
  ASSERT_TRUE(std::holds_alternative<Opened>(source.next(soon())));
  EXPECT_TRUE(std::holds_alternative<Nothing>(source.next(loop_.now_ns() + ns_per_ms)));
  std::ofstream writer(path);
  EXPECT_TRUE(std::holds_alternative<Nothing>(source.next(loop_.now_ns() + ns_per_ms)));
  writer << ":\n\n" << std::flush;
  EXPECT_EQ(bytes_of(source.next(soon())), ":\n\n");
  writer.close();
  EXPECT_TRUE(std::holds_alternative<Ended>(source.next(soon())));
}

TEST_F(FileSourceTest, ADeviceThatCannotBeWaitedForIsRead) {
  FileSource source(loop_, "/dev/null");
  source.open("");
  ASSERT_TRUE(std::holds_alternative<Opened>(source.next(soon())));
  EXPECT_TRUE(std::holds_alternative<Ended>(source.next(soon())));
}

TEST_F(FileSourceTest, WhatIsNoFileIsRefused) {
  EXPECT_EQ(refusal_of(folder_.path("missing")), "No such file or directory");
  EXPECT_EQ(refusal_of(folder_.path("")), "it is a directory");
}

TEST_F(FileSourceTest, ATapeIsNotRecordedAgain) {
  test::make_tape(folder_.path("a.tape"), "data: 1\n\n");
  EXPECT_NE(refusal_of(folder_.path("a.tape")).find("tapedeck replay"), std::string::npos);
  EXPECT_EQ(refusal_of(write_file("SQLite format 3")), "(opened)") << "a byte short of a database";
}

TEST_F(FileSourceTest, AClosedStdinIsRefused) {
  const int saved = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);
  EXPECT_EQ(refusal_of("-"), "Bad file descriptor");
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
}

}  // namespace
}  // namespace tapedeck::recorder
