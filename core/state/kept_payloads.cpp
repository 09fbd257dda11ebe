#include "core/state/kept_payloads.hpp"

#include <algorithm>
#include <cstring>

#include <xxhash.h>

#include "core/base/limits.hpp"
#include "core/event/scalar.hpp"

namespace tapedeck::state {
namespace {

using event::Member;

constexpr std::string_view uuid_key = "\"uuid\":";

std::uint64_t hash_of(std::string_view uuid) {
  return XXH3_64bits(uuid.data(), uuid.size());
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::size_t bytes_of(const KeptPayloads::Kept& kept) {
  return kept.text.size() + kept.places.size() * sizeof(KeptPayloads::Kept::Place);
}

/// Where the values of the members stand in the text, which is JSON: between the keys, which lie in
/// it, and the punctuation around them.
void find_places(std::string_view text, std::span<const Member> members,
                 std::vector<KeptPayloads::Kept::Place>& places) {
  places.clear();
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
    places.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  }
}

/// How many bytes are the same from the start on.
std::size_t common_prefix(const char* a, const char* b, std::size_t size) {
  constexpr std::size_t block = 128;  // memcmp has the widest registers there are
  std::size_t at = 0;
  while (at + block <= size && std::memcmp(a + at, b + at, block) == 0) {
    at += block;
  }
  for (; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
    std::uint64_t of_a = 0;
    std::uint64_t of_b = 0;
    std::memcpy(&of_a, a + at, sizeof(of_a));
    std::memcpy(&of_b, b + at, sizeof(of_b));
    if (of_a != of_b) {
      break;
    }
  }
  while (at < size && a[at] == b[at]) {
    ++at;
  }
  return at;
}

/// Where `"uuid":` stands first at or after `from`; npos where it does not.
std::size_t find_uuid_key(std::string_view text, std::size_t from) {
  constexpr std::size_t block = 64;
  constexpr std::size_t looked_at = 3;  // `"uu` is rare enough
  std::size_t at = from;
  for (; at + block + looked_at <= text.size(); at += block) {
    const char* const here = text.data() + at;
    unsigned char found = 0;
    for (std::size_t i = 0; i < block; ++i) {
      found = static_cast<unsigned char>(
          found | (static_cast<unsigned char>(here[i] == '"') &
                   static_cast<unsigned char>(here[i + 1] == 'u') &
                   static_cast<unsigned char>(here[i + 2] == 'u')));
    }
    if (found != 0) {
      const std::size_t place = text.substr(at, block + uuid_key.size()).find(uuid_key);
      if (place != std::string_view::npos) {
        return at + place;
      }
    }
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
  forget(uuid->value);
  const std::size_t bytes = origin.text.size() + members.size() * sizeof(Kept::Place);
  if (origin.keys == 0 || origin.text.size() > limits::kept_payload_bytes_max ||
      bytes_ + bytes > limits::kept_payloads_bytes_max) {
    return;
  }
  Kept& kept = kept_[hash_of(uuid->value.as_string())];
  bytes_ -= bytes_of(kept);
  kept.stored = &stored;
  kept.text.assign(origin.text);
  find_places(origin.text, members, kept.places);
  kept.uuid = static_cast<std::size_t>(uuid - members.begin());
  bytes_ += bytes_of(kept);
}

void KeptPayloads::forget(const Value& uuid) {
  if (!uuid.is_string()) {
    return;
  }
  const auto found = kept_.find(hash_of(uuid.as_string()));
  if (found != kept_.end()) {
    bytes_ -= bytes_of(found->second);
    kept_.erase(found);
  }
}

void KeptPayloads::clear() {
  kept_.clear();
  bytes_ = 0;
}

bool KeptPayloads::take_uuid_at(std::string_view text, std::size_t at) {
  return text.size() >= at && text.substr(text.size() - at).starts_with(uuid_key);
}

std::string_view KeptPayloads::uuid_in(std::string_view text) {
  const auto* const known =
      std::ranges::find_if(uuids_, [&](std::size_t at) { return take_uuid_at(text, at); });
  std::size_t key = 0;
  if (known != uuids_.end()) {
    key = text.size() - *known;
  } else {
    // Not far from where it stood last, as what comes after it differs little.
    constexpr std::size_t near = 96;
    const std::size_t last = uuids_[(next_uuid_ + uuids_.size() - 1) % uuids_.size()];
    key = find_uuid_key(text, text.size() - std::min(text.size(), last + near));
    if (key == std::string_view::npos) {
      key = find_uuid_key(text, 0);
    }
    if (key == std::string_view::npos) {
      return {};
    }
    uuids_[next_uuid_] = text.size() - key;
    next_uuid_ = (next_uuid_ + 1) % uuids_.size();
  }
  std::string_view rest = text.substr(key + uuid_key.size());
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
  }
  if (!rest.starts_with('"')) {
    return {};
  }
  return rest.substr(1, rest.substr(1).find('"'));
}

KeptPayloads::Kept* KeptPayloads::find(std::string_view text) {
  if (kept_.empty() || text.size() > limits::kept_payload_bytes_max) {
    return nullptr;
  }
  const std::string_view uuid = uuid_in(text);
  const auto found = uuid.empty() ? kept_.end() : kept_.find(hash_of(uuid));
  return found == kept_.end() ? nullptr : &found->second;
}

bool KeptPayloads::find_changes(const Kept& kept, std::string_view text) {
  changes_found_ = 0;
  const std::string_view before = kept.text;
  std::size_t at = 0;      // in `before`; so far it is known what has become of it
  std::size_t now_at = 0;  // the same place in `text`
  auto place = kept.places.begin();
  for (;;) {
    const std::size_t same = common_prefix(before.data() + at, text.data() + now_at,
                                           std::min(before.size() - at, text.size() - now_at));
    at += same;
    now_at += same;
    if (at == before.size() && now_at == text.size()) {
      return true;
    }
    // The bytes that differ belong to the value that they stand in, or that they prolong.
    place = std::lower_bound(place, kept.places.end(), at,
                             [](const Kept::Place& one, std::size_t end) { return one.end < end; });
    const auto member = static_cast<std::size_t>(place - kept.places.begin());
    if (place == kept.places.end() || place->begin > at || member == kept.uuid ||
        changes_found_ == changes_.size()) {
      return false;
    }
    const std::size_t begin = now_at - (at - place->begin);
    const event::Scalar scalar = event::leading_scalar(text.substr(begin));
    if (scalar.value.is_undefined()) {
      return false;
    }
    now_at = begin + scalar.size;
    at = place->end;
    changes_[changes_found_++] = {member, begin, now_at, scalar.value};
    ++place;
  }
}

void KeptPayloads::replace(Kept& kept, std::string_view text) {
  std::size_t shift = 0;  // wraps around where the text becomes shorter
  std::size_t next = 0;   // the first member that has not been moved
  for (const Change& change : changes()) {
    for (; shift != 0 && next < change.member; ++next) {
      kept.places[next].begin += static_cast<std::uint32_t>(shift);
      kept.places[next].end += static_cast<std::uint32_t>(shift);
    }
    Kept::Place& place = kept.places[change.member];
    shift = change.end - place.end;
    place = {static_cast<std::uint32_t>(change.begin), static_cast<std::uint32_t>(change.end)};
    next = change.member + 1;
  }
  for (; shift != 0 && next < kept.places.size(); ++next) {
    kept.places[next].begin += static_cast<std::uint32_t>(shift);
    kept.places[next].end += static_cast<std::uint32_t>(shift);
  }
  if (changes_found_ != 0) {
    const std::size_t first = changes_[0].begin;
    bytes_ += text.size() - kept.text.size();
    kept.text.replace(first, std::string::npos, text.substr(first));
  }
}

}  // namespace tapedeck::state
