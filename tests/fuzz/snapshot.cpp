// Any bytes are a derivation or one sentence; a derivation that came of them can be gone on with,
// and comes to what its own snapshot comes to.
//
// Input: a byte that chooses the client, then a snapshot. The dictionary's texts are from the
// streams that the corpus was made of.
#include "core/state/snapshot.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/event/decoder.hpp"
#include "core/state/restore.hpp"
#include "core/state/state_json.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

/// What touches all that a state holds.
constexpr std::pair<std::string_view, std::string_view> afterwards[] = {
    {"participant_update", R"({"uuid":"u1","display_name":"A","is_muted":"YES"})"},
    {"presentation_start", R"({"presenter_uuid":"u1","presenter_name":"A"})"},
    {"message_received", R"({"uuid":"u1","type":"text/plain","payload":"hello"})"},
    {"live_captions", R"({"data":"x","sources":[{"participant_uuid":"u1"}]})"},
    {"breakout_begin", R"({"breakout_uuid":"b1","participant_uuid":"me"})"},
    {"breakout_event", R"({"breakout_uuid":"b1","event":"presentation_start","data":{}})"},
    {"breakout_refer", R"({"breakout_uuid":"b1","requester_uuid":"u1"})"},
    {"breakout_end", R"({"breakout_uuid":"b1"})"},
    {"participant_delete", R"({"uuid":"u1"})"},
    {"participant_sync_begin", "null"},
    {"disconnect", R"({"reason":"over"})"},
};

std::string account_of(const state::Derivation& derivation) {
  std::string account;
  state::append_state_json(account, derivation.reducer());
  event::Decoder decoder(limits::document_depth_max, limits::document_values_max);
  check(decoder.decode(account).ok(), "a state is JSON");
  for (const std::string& block : state::restoring_blocks(derivation.state())) {
    account += block;
  }
  return account;
}

std::string go_on(state::Derivation& derivation) {
  std::string log;
  std::int64_t now_ns = 0;
  for (const auto& [event, data] : afterwards) {
    const std::string raw =
        "event: " + std::string(event) + "\ndata: " + std::string(data) + "\n\n";
    ++now_ns;
    derivation.push({1, 1, now_ns}, now_ns, raw);
    while (const auto step = derivation.next()) {
      for (const state::Emitted& signal : step->signals) {
        log += state::name_of(signal.signal);
        event::append_json(log, signal.payload);
      }
    }
  }
  return log + account_of(derivation);
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  state::ReducerOptions options;
  options.client = static_cast<state::Client>(input.byte() % state::client_policies.size());
  options.state_bytes_max = std::size_t{1} << 20U;
  const auto derivation = state::derivation_from(input.rest(), {}, options);
  if (!derivation) {
    check(!derivation.error().message.empty(), "a refusal has a sentence");
    return 0;
  }
  const auto again = state::snapshot_of(**derivation);
  check(again.has_value(), "what came of a snapshot has one");
  const auto other = state::derivation_from(*again, {}, options);
  check(other.has_value(), "a snapshot is taken back");
  check(state::snapshot_of(**other) == again, "and is the same afterwards");
  check(fuzz::account_of(**derivation) == fuzz::account_of(**other), "the states are the same");
  check(fuzz::go_on(**derivation) == fuzz::go_on(**other), "both go on in the same way");
  return 0;
}
