#include "core/state/kept_payloads.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <xxhash.h>

#include "core/base/limits.hpp"
#include "core/event/scalar.hpp"

namespace tapedeck::state {
namespace {

using event::Member;

constexpr std::string_view uuid_key = "\"uuid\":";
constexpr std::size_t place_bytes =
    2 * sizeof(std::uint16_t);  // that a value begins at and ends at

std::uint64_t hash_of(std::string_view uuid) {
  return XXH3_64bits(uuid.data(), uuid.size());
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool lies_in(std::string_view part, std::string_view text) {
  return part.data() >= text.data() && part.data() < text.data() + text.size();
}

std::size_t bytes_of(const KeptPayloads::Kept& kept) {
  return kept.text.size() + kept.begins.size() * place_bytes + kept.json.text().size();
}

/// Where the values of the members stand in the text, which is JSON: between the keys, which lie in
/// it, and the punctuation around them.
void find_places(std::string_view text, std::span<const Member> members, KeptPayloads::Kept& kept) {
  kept.begins.clear();
  kept.ends.clear();
  const auto skip_back = [&](std::size_t end, char punctuation) {
    const auto skip_space = [&] {
      while (is_space(text[end - 1])) {
        --end;
      }
    };
    skip_space();
    end -= text[end - 1] == punctuation ? 1 : 0;
    skip_space();
    return end;
  };
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string_view key = members[i].key;
    auto begin = static_cast<std::size_t>(key.data() + key.size() - text.data()) + 1;
    while (text[begin] == ':' || is_space(text[begin])) {
      ++begin;
    }
    const std::size_t end =
        i + 1 < members.size()
            ? skip_back(static_cast<std::size_t>(members[i + 1].key.data() - text.data()) - 1, ',')
            : skip_back(text.size(), '}');
    kept.begins.push_back(static_cast<std::uint16_t>(begin));
    kept.ends.push_back(static_cast<std::uint16_t>(end));
  }
}

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

/// How many bytes are the same from the start on.
std::size_t common_prefix(const char* a, const char* b, std::size_t size) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  constexpr std::size_t block = 32 * word;  // a library compares it as fast as the machine can
  std::size_t at = 0;
  while (at + block <= size && std::memcmp(a + at, b + at, block) == 0) {
    at += block;
  }
  while (at + word <= size && word_at(a + at) == word_at(b + at)) {
    at += word;
  }
  while (at < size && a[at] == b[at]) {
    ++at;
  }
  return at;
}

/// How many of the ends, which ascend, are before `at`.
std::size_t values_before(std::span<const std::uint16_t> ends, std::size_t at) {
  // All as wide as what is compared, so that many are compared at once.
  const auto limit = static_cast<std::uint16_t>(at);
  std::uint16_t count = 0;
  for (const std::uint16_t end : ends) {
    count = static_cast<std::uint16_t>(count + (end < limit ? 1 : 0));
  }
  return count;
}

/// The memory is going to be read: many at once cost little more than one.
void prefetch(const void* from, std::size_t bytes) {
  constexpr std::size_t cache_line = 64;
  for (std::size_t i = 0; i < bytes; i += cache_line) {
    __builtin_prefetch(static_cast<const char*>(from) + i);
  }
}

/// Where `"uuid":` stands first; npos where it does not.
std::size_t find_uuid_key(std::string_view text) {
  constexpr std::size_t block = 64;
  std::size_t at = 0;
  while (at + block + uuid_key.size() <= text.size()) {
    const char* const here = text.data() + at;
    std::array<std::uint8_t, block> found;  // whether `"uu`, which is rare, stands there
    for (std::size_t i = 0; i < block; ++i) {
      const bool quote = here[i] == '"';
      const bool u = here[i + 1] == 'u';
      const bool uu = here[i + 2] == 'u';
      found[i] = static_cast<std::uint8_t>(static_cast<unsigned>(quote) & static_cast<unsigned>(u) &
                                           static_cast<unsigned>(uu));
    }
    std::size_t first = block;
    for (std::size_t i = 0; i < block; i += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, found.data() + i, sizeof(word));
      if (word != 0) {
        first =
            static_cast<std::size_t>(std::find(found.begin() + i, found.end(), 1) - found.begin());
        break;
      }
    }
    at += first;
    if (first < block && text.substr(at).starts_with(uuid_key)) {
      return at;
    }
    at += first < block ? 1 : 0;
  }
  return text.find(uuid_key, at);
}

}  // namespace

void KeptPayloads::keep(const Value& payload, const event::Origin& origin,
                        StoredParticipant& stored) {
  const auto members = payload.members();
  const auto uuid = std::ranges::find(members, "uuid", &Member::key);
  if (uuid == members.end() || !uuid->value.is_string() || uuid->value.as_string().empty()) {
    return;
  }
  const std::size_t bytes = origin.text.size() + members.size() * place_bytes;
  if (origin.keys == 0 || origin.text.size() > limits::kept_payload_bytes_max ||
      !lies_in(uuid->value.as_string(), origin.text) ||
      bytes_ + bytes > limits::kept_payloads_bytes_max) {
    forget(uuid->value);
    return;
  }
  Slot& slot = slot_for(hash_of(uuid->value.as_string()));
  if (!slot.kept) {
    slot.kept = std::make_unique<Kept>();
  }
  Kept& kept = *slot.kept;
  bytes_ -= bytes_of(kept);
  if (keys_ != origin.keys) {
    keys_ = origin.keys;
    Fields fields{{}, FieldPlaces(payload)};
    for (const Member& member : members) {
      fields.of_members.push_back(participant_field(member.key));
    }
    fields_ = std::make_shared<const Fields>(std::move(fields));
  }
  kept.fields = fields_;
  kept.stored = &stored;
  kept.text.assign(origin.text);
  find_places(origin.text, members, kept);
  kept.uuid = static_cast<std::size_t>(uuid - members.begin());
  kept.json.clear();
  bytes_ += bytes_of(kept);
}

/// Null where nothing is kept under it.
KeptPayloads::Slot* KeptPayloads::slot_of(std::uint64_t hash) {
  if (slots_.empty()) {
    return nullptr;
  }
  for (std::size_t i = 0; i < slots_tried; ++i) {
    Slot& slot = slots_[(hash + i) & (slots_.size() - 1)];
    if (slot.hash == hash && slot.kept) {
      return &slot;
    }
  }
  return nullptr;
}

/// Null where there is no room.
KeptPayloads::Slot* KeptPayloads::free_slot(std::uint64_t hash) {
  for (std::size_t i = 0; i < slots_tried; ++i) {
    Slot& slot = slots_[(hash + i) & (slots_.size() - 1)];
    if (!slot.kept) {
      slot.hash = hash;
      return &slot;
    }
  }
  return nullptr;
}

/// Where something is kept under it, or may be from now on. What was there has to go where there is
/// no other room.
KeptPayloads::Slot& KeptPayloads::slot_for(std::uint64_t hash) {
  constexpr std::size_t slots_max = std::size_t{1} << 18U;
  if (Slot* const known = slot_of(hash)) {
    return *known;
  }
  for (;;) {
    if (Slot* const free = slots_.empty() ? nullptr : free_slot(hash)) {
      return *free;
    }
    if (slots_.size() >= slots_max) {
      drop(slots_[hash & (slots_.size() - 1)]);
    } else {
      grow();
    }
  }
}

void KeptPayloads::grow() {
  constexpr std::size_t slots_min = 64;
  std::vector<Slot> before(std::max(slots_min, 2 * slots_.size()));
  before.swap(slots_);
  for (Slot& slot : before) {
    Slot* const free = slot.kept ? free_slot(slot.hash) : nullptr;
    if (free != nullptr) {
      free->kept = std::move(slot.kept);
    } else if (slot.kept) {
      drop(slot);
    }
  }
}

void KeptPayloads::drop(Slot& slot) {
  bytes_ -= bytes_of(*slot.kept);
  slot.kept.reset();
}

void KeptPayloads::forget(const Value& uuid) {
  if (!uuid.is_string()) {
    return;
  }
  if (Slot* const slot = slot_of(hash_of(uuid.as_string()))) {
    drop(*slot);
  }
}

void KeptPayloads::clear() {
  slots_.clear();
  bytes_ = 0;
}

std::string_view KeptPayloads::uuid_in(std::string_view text) {
  const auto stands_at = [&](std::size_t from_end) {
    return from_end <= text.size() && text.substr(text.size() - from_end).starts_with(uuid_key);
  };
  const auto* const known = std::ranges::find_if(uuids_from_end_, stands_at);
  std::size_t key = 0;
  if (known != uuids_from_end_.end()) {
    key = text.size() - *known;
  } else {
    key = find_uuid_key(text);
    if (key == std::string_view::npos) {
      return {};
    }
    uuids_from_end_[uuids_found_++ % uuids_from_end_.size()] = text.size() - key;
  }
  std::string_view rest = text.substr(key + uuid_key.size());
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
  }
  return rest.starts_with('"') ? rest.substr(1, rest.substr(1).find('"')) : std::string_view();
}

KeptPayloads::Kept* KeptPayloads::find(std::string_view text) {
  if (slots_.empty() || text.size() > limits::kept_payload_bytes_max) {
    return nullptr;
  }
  prefetch(text.data(), text.size());  // the uuid stands near its end
  const std::string_view uuid = uuid_in(text);
  Slot* const slot = uuid.empty() ? nullptr : slot_of(hash_of(uuid));
  if (slot == nullptr) {
    return nullptr;
  }
  Kept& kept = *slot->kept;
  prefetch(kept.text.data(), kept.text.size());
  prefetch(kept.stored, sizeof(*kept.stored));
  prefetch(kept.begins.data(), kept.begins.size() * sizeof(std::uint16_t));
  prefetch(kept.ends.data(), kept.ends.size() * sizeof(std::uint16_t));
  return &kept;
}

bool KeptPayloads::find_changes(const Kept& kept, std::string_view text) {
  changes_found_ = 0;
  const std::string_view before = kept.text;
  std::size_t at = 0;      // in `before`; so far it is known what has become of it
  std::size_t now_at = 0;  // the same place in `text`
  for (;;) {
    const std::size_t same = common_prefix(before.data() + at, text.data() + now_at,
                                           std::min(before.size() - at, text.size() - now_at));
    at += same;
    now_at += same;
    if (at == before.size() && now_at == text.size()) {
      return true;
    }
    // The bytes that differ belong to the value that they stand in, or that they prolong.
    const std::size_t member = values_before(kept.ends, at);
    const bool is_next = changes_found_ == 0 || member > changes_[changes_found_ - 1].member;
    if (!is_next || member == kept.ends.size() || kept.begins[member] > at || member == kept.uuid ||
        changes_found_ == changes_.size()) {
      return false;
    }
    const std::size_t begin = now_at - (at - kept.begins[member]);
    const event::Scalar scalar = event::leading_scalar(text.substr(begin));
    if (scalar.value.is_undefined()) {
      return false;
    }
    __builtin_prefetch(&kept.stored->payload->members()[member], 1);
    now_at = begin + scalar.size;
    at = kept.ends[member];
    changes_[changes_found_++] = {member, begin, now_at, scalar.value};
  }
}

void KeptPayloads::replace(Kept& kept, std::string_view text) {
  std::uint16_t shift = 0;  // wraps around where the text becomes shorter
  std::size_t next = 0;     // the first member that has not been moved
  const auto move_until = [&](std::size_t end) {
    const auto moved = [&](std::uint16_t place) {
      return static_cast<std::uint16_t>(place + shift);
    };
    if (shift != 0) {
      for (std::size_t i = next; i < end; ++i) {
        kept.begins[i] = moved(kept.begins[i]);
        kept.ends[i] = moved(kept.ends[i]);
      }
    }
    next = end;
  };
  for (const Change& change : changes()) {
    move_until(change.member);
    shift = static_cast<std::uint16_t>(change.end - kept.ends[change.member]);
    kept.begins[change.member] = static_cast<std::uint16_t>(change.begin);
    kept.ends[change.member] = static_cast<std::uint16_t>(change.end);
    ++next;
  }
  move_until(kept.ends.size());
  if (changes_found_ != 0) {
    const std::size_t first = changes_[0].begin;
    bytes_ += text.size() - kept.text.size();
    kept.text.replace(first, std::string::npos, text.substr(first));
  }
}

/// False, and none is kept, where there is no room.
template <class Write>
bool KeptPayloads::rewrite_json(Kept& kept, Write write) {
  bytes_ -= kept.json.text().size();
  if (bytes_ >= limits::kept_payloads_bytes_max) {
    kept.json.clear();
    return false;
  }
  write();
  bytes_ += kept.json.text().size();
  return true;
}

bool KeptPayloads::update_json(Kept& kept, const Participant& participant, Client client,
                               event::Arena& arena) {
  if (kept.json.text().empty()) {
    return false;
  }
  ParticipantFields changed;
  for (const Change& change : changes()) {
    if (const auto field = kept.fields->of_members[change.member]) {
      changed.add(*field);
    }
  }
  return rewrite_json(kept, [&] { kept.json.update(participant, client, changed, arena); });
}

bool KeptPayloads::write_json(Kept& kept, const Participant& participant, Client client,
                              event::Arena& arena, std::string_view before,
                              std::string_view after) {
  return rewrite_json(kept, [&] { kept.json.write(participant, client, arena, before, after); });
}

}  // namespace tapedeck::state
