#include "core/state/participant_json.hpp"

#include "core/base/json_text.hpp"

namespace tapedeck::state {
namespace {

/// `{"callType":`, `,"canControl":` and so on, as they are written. The first one always is.
const std::array<std::string, participant_rules_count>& quoted_keys() {
  static const auto quoted = [] {
    std::array<std::string, participant_rules_count> texts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      texts[i] = i == 0 ? '{' : ',';
      append_json_string(texts[i], participant_rules()[i].key);
      texts[i] += ':';
    }
    return texts;
  }();
  return quoted;
}

/// Appends what one rule makes: nothing where that is undefined, or for another client.
void append_member(std::string& out, std::size_t index, const Participant& participant,
                   Client client, event::Arena& arena) {
  const ParticipantRule& rule = participant_rules()[index];
  if (!rule.clients.has(client)) {
    return;
  }
  const Value value = rule.make(participant, arena);
  if (!value.is_undefined()) {
    out += quoted_keys()[index];
    append_json(out, value, {.without = raw_data_key});
  }
}

}  // namespace

void ParticipantJson::write(const Participant& participant, Client client, event::Arena& arena,
                            std::string_view before, std::string_view after) {
  text_ = before;
  begin_ = before.size();
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    append_member(text_, i, participant, client, arena);
    ends_[i] = static_cast<std::uint32_t>(text_.size());
  }
  text_ += '}';
  text_ += after;
}

void ParticipantJson::update(const Participant& participant, Client client,
                             ParticipantFields changed, event::Arena& arena) {
  std::string made;
  const auto rules = participant_rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].reads.meets(changed)) {
      continue;
    }
    made.clear();
    append_member(made, i, participant, client, arena);
    const std::size_t begin = i == 0 ? begin_ : ends_[i - 1];
    const std::size_t size = ends_[i] - begin;
    text_.replace(begin, size, made);
    if (made.size() != size) {
      for (std::size_t later = i; later < ends_.size(); ++later) {
        ends_[later] = static_cast<std::uint32_t>(ends_[later] + made.size() - size);
      }
    }
  }
}

void append_json(std::string& out, const Participant& participant, Client client,
                 event::Arena& arena) {
  for (std::size_t i = 0; i < participant_rules_count; ++i) {
    append_member(out, i, participant, client, arena);
  }
  out += '}';
}

}  // namespace tapedeck::state
