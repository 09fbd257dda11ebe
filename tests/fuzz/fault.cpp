// A fault is read or refused with a sentence; one that was read is printed as it is read again, and
// what it makes of a stream ends.
#include <string>
#include <vector>

#include "replayer/fault_plan.hpp"
#include "replayer/fault_spec.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/memory_source.hpp"

namespace tapedeck::fuzz {
namespace {

std::vector<test::StoredFrame> some_frames() {
  std::vector<test::StoredFrame> frames;
  for (std::int64_t i = 1; i <= 12; ++i) {
    frames.push_back({i * 250'000'000, "id: " + std::to_string(i) + "\nevent: stage\ndata: [" +
                                           std::to_string(i) + "]\n\n"});
  }
  return frames;
}

/// Times never go back, and the bytes of a frame are there as long as it is.
std::string played(const replayer::Fault& fault, std::uint64_t seed) {
  replayer::FaultPlan plan({fault}, seed);
  std::string bytes;
  const auto source = plan.apply(test::memory_source(some_frames()), 1);
  std::size_t count = 0;
  for (auto frame = source->next(); frame && *frame; frame = source->next()) {
    check(++count < 1'000'000, "a stream of faults ends");
    bytes += std::to_string((*frame)->recv_ns) + ' ';
    bytes += (*frame)->raw;
  }
  for (int i = 0; i < 3; ++i) {
    bytes += std::to_string(plan.refuse("status").value_or(0));
    bytes += std::to_string(plan.refuse("refresh_token").value_or(0));
  }
  return bytes;
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const std::uint8_t seed = input.byte();
  const auto fault = replayer::parse_fault(input.rest());
  if (!fault) {
    check(!fault.error().message.empty(), "a refusal says why");
    return 0;
  }
  const std::string text = replayer::to_string(*fault);
  const auto again = replayer::parse_fault(text);
  check(again && replayer::to_string(*again) == text, "what is printed is read again");
  check(fuzz::played(*fault, seed) == fuzz::played(*again, seed), "and means the same");
  return 0;
}
