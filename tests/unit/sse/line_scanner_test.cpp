#include "core/sse/line_scanner.hpp"

#include <cstring>
#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace tapedeck::sse {
namespace {

LineScan scan_naively(std::string_view bytes) {
  LineScan scan;
  for (const char c : bytes) {
    if (c == '\n' || c == '\r') {
      break;
    }
    ++scan.length;
    scan.ascii = scan.ascii && static_cast<unsigned char>(c) < 0x80;
  }
  return scan;
}

/// Every scanner of this machine agrees with the naive one, on bytes that start at any alignment
/// and that nothing may be read beyond.
void expect_agreement(std::string_view bytes) {
  const LineScan expected = scan_naively(bytes);
  for (const std::size_t shift : {0U, 1U, 13U}) {
    const auto copy = std::make_unique<char[]>(bytes.size() + shift);
    std::memcpy(copy.get() + shift, bytes.data(), bytes.size());
    for (const LineScanner& scanner : line_scanners()) {
      const LineScan scan = scanner.scan({copy.get() + shift, bytes.size()});
      ASSERT_EQ(scan.length, expected.length) << scanner.name << ", " << bytes.size() << " bytes";
      ASSERT_EQ(scan.ascii, expected.ascii) << scanner.name << ", " << bytes.size() << " bytes";
    }
  }
}

TEST(LineScanner, TheFastestIsOneOfThoseTested) {
  ASSERT_FALSE(line_scanners().empty());
  EXPECT_EQ(line_scanners().front().name, "scalar");
  EXPECT_EQ(line_scanners().back().scan, fastest_line_scanner());
}

TEST(LineScanner, FindsALineEndAtEveryPlaceOfEveryLength) {
  for (std::size_t size = 0; size <= 200; ++size) {
    expect_agreement(std::string(size, 'x'));
    for (std::size_t place = 0; place < size; ++place) {
      std::string bytes(size, 'x');
      bytes[place] = place % 2 == 0 ? '\n' : '\r';
      expect_agreement(bytes);
      if (HasFatalFailure()) {
        return;
      }
    }
  }
}

TEST(LineScanner, TheFirstOfSeveralLineEndsCounts) {
  expect_agreement(std::string(70, 'x') + "\r\n\r\n" + std::string(70, 'x'));
  expect_agreement("\n\n");
  expect_agreement(std::string(200, '\r'));
}

TEST(LineScanner, NoOtherByteIsALineEnd) {
  for (int value = 0; value < 256; ++value) {
    for (const std::size_t size : {7U, 20U, 40U, 150U}) {
      expect_agreement(std::string(size, static_cast<char>(value)));
    }
  }
}

TEST(LineScanner, BytesThatAreNotAsciiCountBeforeTheLineEndOnly) {
  for (const std::size_t size : {9U, 21U, 65U, 130U}) {
    for (std::size_t high = 0; high < size; ++high) {
      for (std::size_t end = 0; end < size; ++end) {
        std::string bytes(size, 'x');
        bytes[end] = '\n';
        bytes[high] = '\xe2';
        expect_agreement(bytes);
      }
    }
  }
}

TEST(LineScanner, RandomBytesAreScannedAlike) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random());
    }
    expect_agreement(bytes);
  }
}

}  // namespace
}  // namespace tapedeck::sse
