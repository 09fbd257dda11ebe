// The splitter cuts any stream where its rule says, however it is chunked, and loses no byte.
#include <string>
#include <vector>

#include "core/sse/frame_splitter.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/sse_reference.hpp"

namespace tapedeck::fuzz {
namespace {

std::vector<std::string> split(std::string_view stream, std::uint64_t seed, std::size_t size_max) {
  std::vector<std::string> blocks;
  sse::FrameSplitter splitter(size_max);
  std::size_t given = 0;
  std::size_t pushed_before = 0;
  in_chunks(stream, seed, [&](std::string_view chunk) {
    splitter.push(chunk);
    while (const auto block = splitter.next()) {
      given += block->raw.size();
      check(block->ended_in_earlier_push == (given <= pushed_before), "it came with another push");
      blocks.push_back(test::block_text(block->raw, block->complete));
    }
    pushed_before += chunk.size();
  });
  if (const auto rest = splitter.finish()) {
    blocks.push_back(test::block_text(rest->raw, rest->complete));
  }
  return blocks;
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const std::uint8_t seed = input.byte();
  const std::uint8_t small = input.byte();
  const std::size_t size_max = small < 64 ? std::size_t{4} + small : limits::frame_bytes_max;
  check(fuzz::split(input.rest(), seed, size_max) == test::reference_blocks(input.rest(), size_max),
        "the blocks are those of the rule");
  return 0;
}
