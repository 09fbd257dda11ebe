// Feeds a push object its input in every way it can be cut, and wants the same answer each time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck::test {

/// Pushes `input` in chunks of `sizes` (the last size repeats). Each chunk has an allocation of its
/// own that is gone after the push, so that a sanitizer sees a view that lived too long.
template <class Feed>
auto feed_in_chunks(Feed feed, std::string_view input, const std::vector<std::size_t>& sizes) {
  std::size_t chunk = 0;
  while (!input.empty()) {
    const std::size_t size = std::min(input.size(), sizes[std::min(chunk++, sizes.size() - 1)]);
    const auto bytes = std::make_unique<char[]>(size);
    std::memcpy(bytes.get(), input.data(), size);
    feed.push(std::string_view(bytes.get(), size));
    input.remove_prefix(size);
  }
  return feed.finish();
}

/// `make()` returns a fresh feed with `push(std::string_view)` and `finish()`, which returns what
/// came out. It must equal `expected` for the whole input at once, every two-way split (of an
/// input over 2 KB, some 2,000 of them), byte by byte, and random chunks drawn from `seed`.
template <class Make, class Expected>
void grind(std::string_view input, const Expected& expected, Make make, std::uint64_t seed = 1) {
  const auto same = [&](const char* how, const std::vector<std::size_t>& sizes) {
    const auto got = feed_in_chunks(make(), input, sizes);
    EXPECT_EQ(got, expected) << how << ", first chunk " << sizes.front() << ", seed " << seed
                             << ", input " << ::testing::PrintToString(std::string(input));
    return got == expected;
  };
  if (!same("whole", {std::max<std::size_t>(input.size(), 1)}) || !same("byte by byte", {1})) {
    return;
  }
  const std::size_t step = 1 + input.size() / 2000;
  for (std::size_t first = 1; first < input.size(); first += step) {
    if (!same("split in two", {first, input.size()})) {
      return;
    }
  }
  std::mt19937_64 random(seed);
  for (const std::size_t largest : {3U, 17U, 200U}) {
    std::vector<std::size_t> sizes(input.size() + 1);
    std::generate(sizes.begin(), sizes.end(), [&] { return 1 + random() % largest; });
    if (!same("random chunks", sizes)) {
      return;
    }
  }
}

}  // namespace tapedeck::test
