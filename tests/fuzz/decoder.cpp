// The decoder gives of any text what the plain parser gives, and what it wrote it reads again. What
// it kept of the texts before, the parts of an input, makes no difference.
#include "core/event/decoder.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/utf8.hpp"
#include "core/event/plain_parser.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace tapedeck;

constexpr char text_end = '\x1e';  // no JSON has one

void decode(event::Decoder& decoder, std::string_view part) {
  std::string text;  // valid UTF-8, as the decoder gets it from the parser
  append_utf8_lossy(text, part);

  // In memory of its own, so that reading past it is found.
  const auto bytes = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), bytes.get());

  const event::Decoded decoded = decoder.decode_in_place({bytes.get(), text.size()});
  event::Arena arena;
  event::Tree tree(arena);
  const event::Decoded plain = event::parse_plainly(text, limits::json_depth_max, tree);
  if (decoded.outcome == event::Decoded::Outcome::too_many) {
    return;
  }
  check(decoded.outcome == plain.outcome && decoded.offset == plain.offset,
        "both ways come to the same");
  if (!decoded.ok()) {
    check(decoded.value.is_undefined() && decoded.offset <= text.size(), "a fault has a place");
    return;
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
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  event::Decoder decoder;
  do {
    decode(decoder, input.until(text_end));
  } while (!input.empty());
  return 0;
}
