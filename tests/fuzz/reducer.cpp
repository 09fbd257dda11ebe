// Any stream becomes the same states and signals whether it goes through the readers that remember
// what came before or event by event through ones that know nothing; and what comes of it is JSON.
#include <string>
#include <vector>

#include "core/event/wire_reader.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/state/derivation.hpp"
#include "core/state/restore.hpp"
#include "core/state/state_json.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

constexpr std::int64_t frame_ns = 1'000'000;

std::vector<std::string> frames_of(std::string_view stream) {
  std::vector<std::string> frames;
  sse::FrameSplitter splitter;
  splitter.push(stream);
  while (const auto block = splitter.next()) {
    frames.emplace_back(block->raw);
  }
  if (const auto rest = splitter.finish()) {
    frames.emplace_back(rest->raw);
  }
  return frames;
}

event::FramePlace place_of(std::size_t frame) {
  return {frame + 1, 1, static_cast<std::int64_t>(frame + 1) * frame_ns};
}

/// All that a reducer can be asked for.
std::string account_of(const state::Reducer& reducer) {
  std::string account = reducer.digest().to_string();
  state::append_state_json(account, reducer);
  return account;
}

void append(std::string& log, const state::Outcome& outcome,
            std::span<const state::Emitted> signals) {
  log += std::to_string(static_cast<int>(outcome.fate));
  log += outcome.why;
  for (const state::Emitted& signal : signals) {
    log += state::name_of(signal.signal);
    event::append_json(log, signal.payload);
  }
  log += '\n';
}

struct Derived {
  std::string log;
  std::string account;
};

/// As the product does: one derivation for all frames.
Derived derive(const std::vector<std::string>& frames, state::ReducerOptions options) {
  options.only_changes = true;
  Derived derived;
  state::Derivation derivation({}, options);
  const auto take_steps = [&] {
    while (const auto step = derivation.next()) {
      if (step->event != nullptr) {
        append(derived.log, step->outcome, step->signals);
      }
    }
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    derivation.push(place_of(i), place_of(i).recv_ns, frames[i]);
    take_steps();
  }
  derivation.finish();
  take_steps();
  derived.account = account_of(derivation.reducer());
  return derived;
}

/// Each payload is decoded by a decoder that has seen no other.
Derived derive_plainly(const std::vector<std::string>& frames,
                       const state::ReducerOptions& options) {
  Derived derived;
  state::Reducer reducer({}, options);
  reducer.begin();
  event::WireReader reader;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    reducer.end_turn();
    if (i == 0) {
      reducer.reconnect(1);
    }
    reader.push(place_of(i), frames[i]);
    while (auto event = reader.next()) {
      event::Decoder decoder;
      if (event->payload == event::Payload::decoded) {
        const event::Decoded decoded = decoder.decode(event->data);
        check(decoded.ok(), "what was decoded once is decoded again");
        event->value = decoded.value;
      }
      const state::Outcome outcome = reducer.apply(*event, place_of(i).recv_ns);
      append(derived.log, outcome, reducer.signals());
    }
  }
  reducer.end_turn();
  derived.account = account_of(reducer);
  return derived;
}

/// What a client that joins in the middle is told leads to a state and is a stream.
void check_restored(const std::vector<std::string>& frames, const state::ReducerOptions& options) {
  state::Derivation derivation({}, options);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    derivation.push(place_of(i), place_of(i).recv_ns, frames[i]);
    while (derivation.next()) {
    }
  }
  const auto blocks = state::restoring_blocks(derivation.state());
  for (const std::string& block : blocks) {
    check(frames_of(block).size() == 1, "a block that restores is one block");
  }
  derive(blocks, options);
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  state::ReducerOptions options;
  options.client = static_cast<state::Client>(choice % state::client_policies.size());
  options.digest = true;
  if (choice >= 128) {
    options.state_bytes_max = 4096;
    options.roster_listed_max = 2;
  }
  const auto frames = fuzz::frames_of(input.rest());
  const fuzz::Derived derived = fuzz::derive(frames, options);
  const fuzz::Derived plainly = fuzz::derive_plainly(frames, options);
  check(derived.log == plainly.log, "both ways give the same signals");
  check(derived.account == plainly.account, "both ways give the same state");
  constexpr std::size_t digest_digits = 32;
  event::Decoder decoder;
  check(decoder.decode(std::string_view(derived.account).substr(digest_digits)).ok(),
        "a state is JSON");
  fuzz::check_restored(frames, options);
  return 0;
}
