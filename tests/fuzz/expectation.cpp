// A file of expectations is read or refused with a sentence, its patches applied or refused.
#include "core/verdict/expectation.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace {

void check_sentence(const tapedeck::Error& error) {
  tapedeck::check(!error.message.empty() && error.message.find('\n') == std::string::npos,
                  "a refusal is a sentence");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const auto expectation = verdict::Expectation::parse(input.rest());
  if (!expectation) {
    check_sentence(expectation.error());
    return 0;
  }
  for (std::size_t count = 0; count <= expectation->checkpoints().size(); ++count) {
    if (const auto state = expectation->state_after(count); !state) {
      check_sentence(state.error());
    }
  }
  verdict::ExpectationCheck held(*expectation);
  verdict::TimelessState state({});
  const port::Frame frame{
      .seq = 1, .connection_id = 1, .recv_ns = 5, .raw = "event: stage\ndata: []\n\n"};
  state.frame(frame);
  held.after(frame, state.reducer());
  state.finish();
  held.finish({.frames = 1, .plugin_events = {}, .findings = {}}, state.reducer());
  return 0;
}
