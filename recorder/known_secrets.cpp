#include "recorder/known_secrets.hpp"

#include <algorithm>
#include <cstring>

#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::size_t start_bytes = sizeof(std::uint32_t);
/// Four digits of a PIN may stand in any longer number.
constexpr std::size_t anywhere_bytes_min = 8;
/// No word is as long as this.
constexpr std::size_t word_bytes_max = 20;

std::uint32_t start_of(const char* text) {
  std::uint32_t start = 0;
  std::memcpy(&start, text, start_bytes);
  return start;
}

std::size_t slot_of(std::uint32_t start) {
  return (start * 2654435761U) >> 16;  // Knuth's multiplicative hash
}

/// "none", "Guest", "ROOM": letters in the case in which words are written.
bool is_like_a_word(std::string_view text) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_large = [](char c) { return c >= 'A' && c <= 'Z'; };
  return text.size() < word_bytes_max && is_alpha(text.front()) &&
         (std::ranges::all_of(text.substr(1), is_small) || std::ranges::all_of(text, is_large));
}

bool is_in_word(std::string_view text, std::size_t at) {
  return at < text.size() && (is_alpha(text[at]) || is_digit(text[at]));
}

}  // namespace

void sort_and_merge(SecretPlaces& places) {
  std::ranges::sort(places, {}, &SecretPlace::begin);
  std::size_t kept = 0;
  for (SecretPlace& place : places) {
    SecretPlace* const last = kept == 0 ? nullptr : &places[kept - 1];
    if (last == nullptr || place.begin >= last->end) {
      std::swap(places[kept++], place);
      continue;
    }
    if (place.end - place.begin > last->end - last->begin) {
      last->placeholder = place.placeholder;
    }
    last->number = last->number && place.number;
    last->end = std::max(last->end, place.end);
  }
  places.resize(kept);
}

KnownSecrets::Reach KnownSecrets::reach_of(std::string_view secret) {
  if (secret.size() < start_bytes) {
    return Reach::nowhere;
  }
  if (is_like_a_word(secret)) {
    return Reach::prose;
  }
  return secret.size() < anywhere_bytes_min ? Reach::word : Reach::anywhere;
}

const std::string& KnownSecrets::placeholder(std::string_view kind, std::string_view secret,
                                             Memory memory) {
  auto found = secrets_.find(secret);
  const bool is_new = found == secrets_.end();
  if (is_new) {
    if (bounded_ >= bounded_max_) {
      forget_oldest();
    }
    const std::string name(kind);
    found = secrets_
                .emplace(secret, Known{.placeholder = name + "-" + std::to_string(++counts_[name]),
                                       .reach = reach_of(secret)})
                .first;
    enter(*found);
    ++bounded_;
  }
  Known& known = found->second;
  known.met = ++meetings_;
  if (memory == Memory::for_ever && !known.for_ever) {
    known.for_ever = true;
    --bounded_;
  }
  return known.placeholder;
}

void KnownSecrets::enter(const Secrets::value_type& known) {
  if (known.second.reach != Reach::nowhere) {
    const std::uint32_t start = start_of(known.first.data());
    by_start_[start].push_back(&known);
    starts_.set(slot_of(start));
  }
}

/// A quarter at a time, so that the index is not made anew for each.
void KnownSecrets::forget_oldest() {
  std::vector<std::uint64_t> met;
  for (const auto& [secret, known] : secrets_) {
    if (!known.for_ever) {
      met.push_back(known.met);
    }
  }
  const auto last = met.begin() + static_cast<std::ptrdiff_t>(met.size() / 4);
  std::ranges::nth_element(met, last);
  const std::uint64_t until = *last;
  bounded_ -= std::erase_if(secrets_, [&](const auto& entry) {
    return !entry.second.for_ever && entry.second.met <= until;
  });
  by_start_.clear();
  starts_.reset();
  for (const auto& known : secrets_) {
    enter(known);
  }
}

bool KnownSecrets::is_in(std::string_view text, std::size_t at, const Secrets::value_type& entry,
                         Text what, bool torn) {
  const auto& [secret, known] = entry;
  const std::string_view rest = text.substr(at);
  const bool is_cut = torn && rest.size() < secret.size();
  if (is_cut ? !std::string_view(secret).starts_with(rest) : !rest.starts_with(secret)) {
    return false;
  }
  const bool word = !is_in_word(text, at - 1) && !is_in_word(text, at + secret.size());
  return known.reach == Reach::anywhere ||
         (word && (known.reach == Reach::word || what == Text::prose));
}

void KnownSecrets::find(std::string_view text, Text what, bool torn, SecretPlaces& places) const {
  for (std::size_t at = 0; at + start_bytes <= text.size(); ++at) {
    const std::uint32_t start = start_of(text.data() + at);
    if (!starts_.test(slot_of(start))) {
      continue;
    }
    const auto found = by_start_.find(start);
    if (found == by_start_.end()) {
      continue;
    }
    for (const auto* known : found->second) {
      if (is_in(text, at, *known, what, torn)) {
        places.push_back({.begin = at,
                          .end = std::min(at + known->first.size(), text.size()),
                          .placeholder = known->second.placeholder});
      }
    }
  }
}

}  // namespace tapedeck::recorder
