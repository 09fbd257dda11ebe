// The parser dispatches of any stream what the standard says, however it is chunked; under limits
// it does the same whatever the chunks.
#include <string>
#include <vector>

#include "core/sse/message_parser.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/sse_reference.hpp"

namespace tapedeck::fuzz {
namespace {

std::string text_of(const sse::Parsed& found) {
  switch (found.kind) {
    case sse::Parsed::Kind::message:
      return test::message_text(found.message.event, found.message.data,
                                found.message.last_event_id);
    case sse::Parsed::Kind::retry:
      return test::retry_text(found.retry_ms);
    case sse::Parsed::Kind::line_too_long:
      return "line too long";
    case sse::Parsed::Kind::message_too_long:
      return "message too long";
  }
  return "?";
}

void take(sse::MessageParser& parser, std::string_view bytes, std::vector<std::string>& found) {
  parser.push(bytes);
  while (const auto one = parser.next()) {
    found.push_back(text_of(*one));
  }
}

std::vector<std::string> parse_whole(std::string_view stream, sse::MessageParser parser) {
  std::vector<std::string> found;
  take(parser, stream, found);
  return found;
}

std::vector<std::string> parse_in_chunks(std::string_view stream, std::uint64_t seed,
                                         sse::MessageParser parser) {
  std::vector<std::string> found;
  in_chunks(stream, seed, [&](std::string_view chunk) { take(parser, chunk, found); });
  return found;
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const std::uint8_t seed = input.byte();
  const std::uint8_t small = input.byte();
  const std::string_view stream = input.rest();
  const auto expected = test::ReferenceParser::parse(stream);
  check(fuzz::parse_whole(stream, sse::MessageParser()) == expected,
        "the messages are those of the standard");
  check(fuzz::parse_in_chunks(stream, seed, sse::MessageParser()) == expected,
        "chunks change nothing");
  const sse::MessageParser limited(small % 16, small / 16);
  check(fuzz::parse_in_chunks(stream, seed, limited) == fuzz::parse_whole(stream, limited),
        "chunks change nothing under limits");
  return 0;
}
