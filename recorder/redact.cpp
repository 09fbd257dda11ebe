#include "recorder/redact.hpp"

#include <algorithm>
#include <utility>

#include "recorder/ascii.hpp"
#include "recorder/json_scan.hpp"
#include "recorder/secret_names.hpp"

namespace tapedeck::recorder {
namespace {

/// JSON in a string of JSON, and so on: the payload of a message is one.
constexpr int json_depth_max = 4;

/// Stands for what is left of a secret that is cut off, which is none to remember.
constexpr const char* torn_placeholder = "TORN";

Text kind_of_text(std::string_view text) {
  return text.find(' ') != std::string_view::npos ? Text::prose : Text::value;
}

bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

/// Moves places from a part of a text to the whole.
void append_places(SecretPlaces& places, const SecretPlaces& part, std::size_t from) {
  for (SecretPlace place : part) {
    place.begin += from;
    place.end += from;
    places.push_back(std::move(place));
  }
}

std::string replaced(std::string_view text, const SecretPlaces& places) {
  std::string out;
  std::size_t at = 0;
  for (const SecretPlace& place : places) {
    out += text.substr(at, place.begin - at);
    out += place.number ? '"' + place.placeholder + '"' : place.placeholder;
    at = place.end;
  }
  return out += text.substr(at);
}

}  // namespace

std::string Redactor::placeholder(std::string_view kind, std::string_view secret, Memory memory) {
  if (is_no_secret(secret)) {
    return std::string(secret);
  }
  const std::string_view known_kind = secret_kind(kind);
  return known_.placeholder(known_kind.empty() ? kind : known_kind, secret, memory);
}

void Redactor::remember_header(std::string_view name, std::string_view value) {
  remember_header(name, value, Memory::for_ever);
}

void Redactor::remember_header(std::string_view name, std::string_view value, Memory memory) {
  if (secret_kind(name).empty()) {
    return;
  }
  placeholder(name, value, memory);
  // "Bearer ...": what follows the scheme is a secret by itself.
  if (const std::size_t space = value.find(' '); space != std::string_view::npos) {
    placeholder(name, trim(value.substr(space)), memory);
  }
}

std::string Redactor::target(std::string_view url) {
  std::string shown = this->url(url);
  return on_tape_ == OnTape::secrets ? std::string(url) : shown;
}

std::string Redactor::url(std::string_view url) {
  SecretPlaces places;
  search_url(url, false, places);
  sort_and_merge(places);
  return replaced(url, places);
}

std::string Redactor::header(std::string_view name, std::string_view value) {
  std::string shown;
  if (!secret_kind(name).empty()) {
    remember_header(name, value, Memory::bounded);
    shown = placeholder(name, value);
  } else {
    SecretPlaces places;
    search_scalar(value, json_depth_max, false, places);
    sort_and_merge(places);
    shown = replaced(value, places);
  }
  return on_tape_ == OnTape::secrets ? std::string(value) : shown;
}

std::string Redactor::json(std::string_view body) {
  const std::string shown = is_json(body) ? replaced(body, find_in_json(body, false)) : text(body);
  return on_tape_ == OnTape::secrets ? std::string(body) : shown;
}

std::string Redactor::text(std::string_view text) const {
  return replaced(text, find_in_text(text, Text::prose, false));
}

SecretPlaces Redactor::find_in_text(std::string_view text, Text what, bool torn) const {
  SecretPlaces places;
  known_.find(text, what, torn, places);
  sort_and_merge(places);
  return places;
}

SecretPlaces Redactor::find_in_json(std::string_view text, bool torn) {
  SecretPlaces places;
  search_json(text, 0, torn, places);
  sort_and_merge(places);
  return places;
}

void Redactor::search_json(std::string_view text, int depth, bool torn, SecretPlaces& places) {
  // Known ones also in keys, and in what is no JSON after all; a number that happens to be one, no.
  std::size_t from = 0;
  const auto search_up_to = [&](std::size_t end) {
    SecretPlaces inner;
    known_.find(text.substr(from, end - from), Text::value, torn && end == text.size(), inner);
    append_places(places, inner, from);
  };
  JsonScan scan(text);
  while (const auto scalar = scan.next()) {
    const std::string_view written = text.substr(scalar->begin, scalar->end - scalar->begin);
    const std::string_view kind = secret_kind(scan.key());
    if (!scalar->quoted) {
      if (!kind.empty()) {
        places.push_back({scalar->begin, scalar->end, placeholder(kind, written), true});
      }
      search_up_to(scalar->begin);
      from = scalar->end;
      continue;
    }
    const bool escaped = written.find('\\') != std::string_view::npos;
    const std::string plain = escaped ? unescaped(written) : std::string();
    const std::string_view said = escaped ? std::string_view(plain) : written;
    SecretPlaces inner;
    if (kind.empty()) {
      search_scalar(said, depth, scalar->torn, inner);
      sort_and_merge(inner);
    } else if (scalar->torn && !said.empty()) {
      inner.push_back({0, said.size(), torn_placeholder});
    } else if (!is_no_secret(said)) {
      inner.push_back({0, said.size(), placeholder(kind, said)});
    }
    if (escaped) {
      to_written(written, inner);
    }
    append_places(places, inner, scalar->begin);
  }
  search_up_to(text.size());
}

/// A string, or the value of a header.
void Redactor::search_scalar(std::string_view said, int depth, bool torn, SecretPlaces& places) {
  if (depth < json_depth_max && is_json(said)) {
    search_json(said, depth + 1, torn, places);
  } else if (said.find("//") != std::string_view::npos ||
             said.find('?') != std::string_view::npos) {
    search_url(said, torn, places);
  } else {
    known_.find(said, kind_of_text(said), torn, places);
  }
}

void Redactor::search_url(std::string_view url, bool torn, SecretPlaces& places) {
  search_authority(url, torn, places);
  std::size_t at = std::min(url.find_first_of("?#"), url.size());
  known_.find(url.substr(0, at), kind_of_text(url), torn && at == url.size(), places);
  while (at < url.size()) {
    const std::size_t end = std::min(url.find_first_of("&#", at + 1), url.size());
    const std::string_view parameter = url.substr(at, end - at);
    const bool cut = torn && end == url.size();
    const std::size_t equals = parameter.find('=');
    const std::string_view kind =
        equals == std::string_view::npos ? "" : secret_kind(parameter.substr(1, equals - 1));
    const std::string_view value = kind.empty() ? std::string_view() : parameter.substr(equals + 1);
    if (!is_no_secret(value)) {
      places.push_back({at + equals + 1, end, cut ? torn_placeholder : placeholder(kind, value)});
    } else {
      SecretPlaces inner;
      known_.find(parameter, kind_of_text(parameter), cut, inner);
      append_places(places, inner, at);
    }
    at = end;
  }
}

/// Userinfo; of a URL that is cut off before its host is whole, what may be some.
void Redactor::search_authority(std::string_view url, bool torn, SecretPlaces& places) {
  const std::size_t slashes = url.find("//");
  if (slashes == std::string_view::npos) {
    return;
  }
  const std::size_t begin = slashes + 2;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string_view authority = url.substr(begin, end - begin);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos && at > 0) {
    places.push_back({begin, begin + at, placeholder("USERINFO", authority.substr(0, at))});
  } else if (torn && end == url.size() && authority.find(':') != std::string_view::npos) {
    places.push_back({begin, end, torn_placeholder});
  }
}

}  // namespace tapedeck::recorder
