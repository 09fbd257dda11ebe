#include "cli/head_count.hpp"

#include <utility>

#include "cli/conference_tape.hpp"

namespace tapedeck::cli {

void HeadCount::hear(const port::Exchange& exchange) {
  if (state::Join join; take_answer(exchange, join)) {
    followed_.begin(std::move(join));  // another conference
  }
}

std::optional<std::uint64_t> HeadCount::participants() const {
  const state::State* state = followed_.state();
  if (state == nullptr) {
    return std::nullopt;
  }
  const auto told = [&](event::Kind kind) {
    return state->counts.by_kind[static_cast<std::size_t>(kind)] != 0;
  };
  if (!told(event::Kind::participant_create) && !told(event::Kind::participant_sync_end)) {
    return std::nullopt;
  }
  std::uint64_t count = 0;
  state->rooms.for_each([&](const state::Room& room) { count += room.participants.size(); });
  return count;
}

}  // namespace tapedeck::cli
