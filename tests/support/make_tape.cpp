// make_tape INPUT.sse TAPE: a tape whose times are always the same. Its blocks come 100 ms apart;
// where the reconnect_mark of stream_generator.hpp stands, another connection begins. For golden
// tests.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/units.hpp"
#include "core/sse/frame_splitter.hpp"
#include "tests/support/stream_generator.hpp"
#include "tests/support/tape_builder.hpp"

int main(int argc, char** argv) {
  namespace test = tapedeck::test;
  std::ifstream file(argc == 3 ? argv[1] : "", std::ios::binary);
  if (!file) {
    std::fputs("usage: make_tape INPUT.sse TAPE\n", stderr);
    return 2;
  }
  constexpr std::int64_t step_ns = 100 * tapedeck::ns_per_ms;
  const std::string body(std::istreambuf_iterator<char>(file), {});
  test::TapeBuilder builder(argv[2]);
  std::int64_t now_ns = 0;
  std::string_view rest = body;
  while (!rest.empty()) {
    const std::size_t mark = rest.find(test::reconnect_mark);
    builder.connect(now_ns, "scenario");
    tapedeck::sse::FrameSplitter splitter;
    splitter.push(rest.substr(0, mark));
    while (const auto block = splitter.next()) {
      builder.frame(now_ns += step_ns, block->raw);
    }
    builder.disconnect(now_ns);
    rest.remove_prefix(mark == std::string_view::npos ? rest.size()
                                                      : mark + test::reconnect_mark.size());
  }
  builder.finish();
}
