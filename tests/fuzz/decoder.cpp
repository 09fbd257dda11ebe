// The decoder gives of any text what the plain parser gives, and what it wrote it reads again.
#include "core/event/decoder.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "core/base/utf8.hpp"
#include "core/event/plain_parser.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  std::string text;  // valid UTF-8, as the decoder gets it from the parser
  append_utf8_lossy(text, input.rest());

  // In memory of its own, so that reading past it is found.
  const auto bytes = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), bytes.get());

  static event::Decoder decoder;  // what it kept of the input before must not matter
  const event::Decoded decoded = decoder.decode_in_place({bytes.get(), text.size()});
  event::Arena arena;
  event::Tree tree(arena);
  const event::Decoded plain = event::parse_plainly(text, limits::json_depth_max, tree);
  if (decoded.outcome == event::Decoded::Outcome::too_many) {
    return 0;
  }
  check(decoded.outcome == plain.outcome && decoded.offset == plain.offset,
        "both ways come to the same");
  if (!decoded.ok()) {
    check(decoded.value.is_undefined() && decoded.offset <= text.size(), "a fault has a place");
    return 0;
  }
  std::string written;
  event::append_json(written, decoded.value);
  std::string written_plainly;
  event::append_json(written_plainly, plain.value);
  check(written == written_plainly, "both ways give the same value");
  const event::Decoded again = decoder.decode(written);
  check(again.ok(), "what was written is JSON");
  std::string written_again;
  event::append_json(written_again, again.value);
  check(written == written_again, "and means the same");
  return 0;
}
