// generate_stream SEED: an event stream for tests on stdout, see stream_generator.hpp.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/support/stream_generator.hpp"

int main(int argc, char** argv) {
  std::uint64_t seed = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    std::fputs("usage: generate_stream SEED\n", stderr);
    return 2;
  }
  const std::string stream = tapedeck::test::generate_stream(seed);
  return std::fwrite(stream.data(), 1, stream.size(), stdout) == stream.size() ? 0 : 3;
}
