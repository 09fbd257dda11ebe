// Edits are read or refused; what they make of a stream is a stream whose payloads are still JSON
// where they were, and the same the second time.
#include <string>
#include <vector>

#include "cli/replay_edits.hpp"
#include "core/event/decoder.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/sse/message_parser.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::fuzz {
namespace {

std::vector<test::StoredFrame> frames_of(std::string_view stream) {
  std::vector<test::StoredFrame> frames;
  sse::FrameSplitter splitter;
  splitter.push(stream);
  while (const auto block = splitter.next()) {
    frames.push_back({.raw = std::string(block->raw), .complete = block->complete});
  }
  return frames;
}

bool has_json(std::string_view raw) {
  sse::MessageParser parser;
  event::Decoder decoder;
  parser.push(raw);
  while (const auto parsed = parser.next()) {
    if (parsed->kind == sse::Parsed::Kind::message) {
      return decoder.decode(parsed->message.data).ok();
    }
  }
  return false;
}

std::vector<std::string> edited(const cli::Values& values, std::string_view stream) {
  std::vector<std::string> out;
  const auto edits = cli::read_edits(values);
  if (!edits || *edits == nullptr) {
    return out;
  }
  const auto frames = frames_of(stream);
  const auto source = cli::edited(test::memory_source(frames), *edits);
  std::uint64_t last_seq = 0;
  for (auto frame = source->next(); frame && *frame; frame = source->next()) {
    const port::Frame& found = **frame;
    check(found.seq > last_seq && found.seq <= frames.size(), "the order stays");
    last_seq = found.seq;
    const std::string& before = frames[static_cast<std::size_t>(found.seq) - 1].raw;
    check(has_json(found.raw) == has_json(before), "a payload stays JSON");
    check(frames_of(found.raw).size() == frames_of(before).size(), "a block stays a block");
    out.emplace_back(found.raw);
  }
  return out;
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  cli::Arguments arguments;
  for (const char* option : {"--set", "--rename", "--only", "--omit"}) {
    if (const std::string_view value = input.until('\n'); !value.empty()) {
      arguments.push_back(option + ("=" + std::string(value)));
    }
  }
  cli::Options options("replay", "", "");
  cli::add_edit_options(options);
  const auto values = options.parse(arguments);
  if (!values || !*values) {
    return 0;
  }
  check(fuzz::edited(**values, input.rest()) == fuzz::edited(**values, input.rest()),
        "the same edits make the same stream");
  return 0;
}
