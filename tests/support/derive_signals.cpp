// derive_signals CLIENT [--self UUID] < BODY: what core/state derives from an event stream body, as
// lines {"signal","payload"}; CLIENT is client-17, client-19 or client-20. For tests against the
// real client: a body needs no tape. Where the reconnect_mark stands, another connection begins.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/json_text.hpp"
#include "core/state/derivation.hpp"
#include "tests/support/stream_generator.hpp"

namespace {

namespace state = tapedeck::state;

void print(const state::Step& step) {
  for (const state::Emitted& emitted : step.signals) {
    std::string line = "{\"signal\":\"" + std::string(name_of(emitted.signal)) + "\",\"payload\":";
    append_json(line, emitted.payload, {.without = state::raw_data_key});
    line += "}\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto client = state::client_named(argc > 1 ? argv[1] : "");
  if (!client) {
    std::fputs("usage: derive_signals client-17|client-19|client-20 [--self UUID] < BODY\n",
               stderr);
    return 2;
  }
  state::Join join;
  if (argc == 4 && std::string_view(argv[2]) == "--self") {
    join.self = argv[3];
  }
  const std::string body(std::istreambuf_iterator<char>(std::cin), {});
  state::Derivation derivation(join, {.client = *client});
  std::string_view rest = body;
  for (std::uint32_t connection = 1; !rest.empty(); ++connection) {
    constexpr std::string_view mark = tapedeck::test::reconnect_mark;
    const std::string_view part = rest.substr(0, rest.find(mark));
    derivation.push({.seq = connection, .connection_id = connection, .recv_ns = 0}, 0, part);
    while (const auto step = derivation.next()) {
      print(*step);
    }
    rest.remove_prefix(std::min(part.size() + mark.size(), rest.size()));
  }
  derivation.finish();
  while (const auto step = derivation.next()) {
    print(*step);
  }
}
