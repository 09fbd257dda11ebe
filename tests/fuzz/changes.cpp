// Payloads of participants in which anything is different from the one before: the reducer that
// decodes only what has changed comes to what the one comes to that decodes everything.
#include <algorithm>
#include <array>
#include <string>

#include "core/base/utf8.hpp"
#include "core/sim/payload.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/both_paths.hpp"

namespace tapedeck::fuzz {
namespace {

constexpr std::size_t people = 3;

std::string payload_of(std::size_t person) {
  sim::Participant participant;
  participant.uuid = "00000000-0000-4000-8000-00000000000" + std::to_string(person);
  participant.display_name = "Zo\xc3\xab " + std::to_string(person);
  participant.uri = "sip:" + std::to_string(person) + "@vc.invalid";
  participant.start_wall_ns = sim::epoch_ns + static_cast<std::int64_t>(person);
  participant.has_media = person != 0;
  return sim::participant_payload(participant);
}

/// Some bytes of `text` are others.
std::string edited(std::string text, Input& input) {
  const std::size_t place = (input.byte() * std::size_t{256} + input.byte()) % (text.size() + 1);
  const std::uint8_t sizes = input.byte();
  std::string put;
  for (int i = 0; i < sizes / 16; ++i) {
    put += static_cast<char>(input.byte());
  }
  text.replace(place, std::min<std::size_t>(sizes % 16, text.size() - place), put);
  std::string valid;  // as it comes from the parser
  append_utf8_lossy(valid, text);
  return valid;
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  using event::Kind;
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  state::ReducerOptions options;
  options.client = static_cast<state::Client>(choice % state::client_policies.size());
  options.signals = choice % 2 != 0;
  options.digest = true;
  if (choice >= 192) {
    options.state_bytes_max = 12'000;
    options.roster_listed_max = 2;
  }
  state::Join join;
  join.self = choice % 4 != 0 ? "00000000-0000-4000-8000-000000000000" : "";
  test::BothPaths both(join, options);
  std::array<std::string, fuzz::people> payloads;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    payloads[i] = fuzz::payload_of(i);
    check(both.apply(Kind::participant_create, payloads[i]), "both take who comes");
  }
  while (!input.empty()) {
    const std::uint8_t what = input.byte();
    std::string& last = payloads[what % payloads.size()];
    const std::string next = fuzz::edited(last, input);
    Kind kind = Kind::participant_update;
    if (what >= 250) {
      kind = Kind::participant_sync_begin;
    } else if (what >= 240) {
      kind = Kind::participant_delete;
    } else if (what >= 225) {
      kind = Kind::participant_create;
    }
    check(both.apply(kind, next), "the same becomes of it");
    if (what % 8 != 0) {
      last = next;
    }
  }
  check(both.is_same_state(), "both ways give the same state");
  return 0;
}
