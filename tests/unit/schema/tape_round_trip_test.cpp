// What is recorded comes back: bytes, order, times, borders, connections, gaps, exchanges.
#include <filesystem>

#include <gtest/gtest.h>

#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::schema {
namespace {

using port::ConnectionEnd;
using test::OwnedFrame;
using test::TapeBuilder;
using test::TemporaryFolder;

std::unique_ptr<TapeReader> open(const std::string& path) {
  auto tape = TapeReader::open(path);
  EXPECT_TRUE(tape) << tape.error().message;
  return *std::move(tape);
}

TEST(Tape, GivesBackTheBytesOfABodyInWhateverReadsItCame) {
  const TemporaryFolder folder;
  const std::string body("\xef\xbb\xbf: hello\r\ndata: a\0b\n\n\r\rdata: torn", 34);
  for (std::size_t step = 1; step <= body.size(); ++step) {
    const std::string path = folder.path(std::to_string(step));
    TapeBuilder tape(path);
    tape.connect();
    for (std::size_t at = 0; at < body.size(); at += step) {
      tape.read(static_cast<std::int64_t>(at), std::string_view(body).substr(at, step));
    }
    tape.finish();
    EXPECT_EQ(test::body_of(*open(path)), body) << "in reads of " << step;
  }
}

TEST(Tape, GivesBackOrderTimesAndWhetherABlockIsWhole) {
  const TemporaryFolder folder;
  TapeBuilder(folder.path())
      .connect(5)
      .frame(10, "data: a\n\n")
      .frame(10, ": b\n\n")
      .frame(30, "data: torn", false)
      .finish();
  const std::vector<OwnedFrame> expected{{1, 1, 10, true, "data: a\n\n"},
                                         {2, 1, 10, true, ": b\n\n"},
                                         {3, 1, 30, false, "data: torn"}};
  EXPECT_EQ(test::frames_of(*open(folder.path())), expected);
}

}  // namespace
}  // namespace tapedeck::schema
