#include "recorder/redact.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/base/json_text.hpp"
#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::size_t matched_bytes_min = 4;
/// Four digits of a PIN may stand in any longer number.
constexpr std::size_t anywhere_bytes_min = 8;

constexpr std::array<std::string_view, 6> secret_parts{"token",  "secret",   "password",
                                                       "passwd", "passcode", "credential"};

constexpr std::array<std::string_view, 24> secret_names{"auth",
                                                        "authorization",
                                                        "proxy-authorization",
                                                        "authentication-info",
                                                        "cookie",
                                                        "set-cookie",
                                                        "pin",
                                                        "pwd",
                                                        "pass",
                                                        "key",
                                                        "apikey",
                                                        "api_key",
                                                        "api-key",
                                                        "x-api-key",
                                                        "access_key",
                                                        "sig",
                                                        "code",
                                                        "signature",
                                                        "jwt",
                                                        "session",
                                                        "sid",
                                                        "sessionid",
                                                        "session_id",
                                                        "x-auth"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  }
  return out;
}

/// Replaces `from` wherever it stands; a short one only where it is a word by itself.
void replace_all(std::string& text, std::string_view from, std::string_view to) {
  const auto in_word = [&](std::size_t at) {
    return at < text.size() && (is_alpha(text[at]) || is_digit(text[at]));
  };
  for (std::size_t at = text.find(from); at != std::string::npos;) {
    const bool part_of_word = in_word(at - 1) || in_word(at + from.size());
    if (from.size() < anywhere_bytes_min && part_of_word) {
      at = text.find(from, at + 1);
      continue;
    }
    text.replace(at, from.size(), to);
    at = text.find(from, at + to.size());
  }
}

/// Where the token that begins at `at` ends: a string, a number or word, or one other character.
std::size_t end_of_json_token(std::string_view body, std::size_t at) {
  const auto is_word = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '+' || c == '.';
  };
  if (body[at] == '"') {
    for (++at; at < body.size() && body[at] != '"'; ++at) {
      at += body[at] == '\\' ? 1 : 0;
    }
    return std::min(at + 1, body.size());
  }
  if (!is_word(body[at])) {
    return at + 1;
  }
  while (at < body.size() && is_word(body[at])) {
    ++at;
  }
  return at;
}

bool next_is_colon(std::string_view body, std::size_t at) {
  const std::size_t next = body.find_first_not_of(" \t\r\n", at);
  return next != std::string_view::npos && body[next] == ':';
}

bool is_json_scalar(std::string_view token) {
  return token.front() == '"' || is_digit(token.front()) || is_alpha(token.front()) ||
         token.front() == '-';
}

/// What a JSON string says; nothing where it is torn or wrong.
std::optional<std::string> unquoted(std::string_view token) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(token.data(), token.size()), error);
  return !error && value.is_string() ? std::optional(std::string(value.get_string()))
                                     : std::nullopt;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  const std::string wanted = lower(name);
  return std::ranges::find(secret_names, wanted) != secret_names.end() ||
         std::ranges::any_of(secret_parts, [&](std::string_view part) {
           return wanted.find(part) != std::string::npos;
         });
}

std::string Redactor::placeholder(std::string_view kind, std::string_view secret) {
  if (secret.empty()) {
    return "";
  }
  std::string& found = placeholders_[std::string(secret)];
  if (found.empty()) {
    const std::string name = upper(kind);
    found = name + "-" + std::to_string(++counts_[name]);
  }
  return found;
}

std::string Redactor::url(std::string_view url) {
  std::string out;
  std::string_view rest = url;
  if (const std::size_t slashes = rest.find("//"); slashes != std::string_view::npos) {
    const std::size_t begin = slashes + 2;
    const std::size_t end = std::min(rest.find_first_of("/?#", begin), rest.size());
    const std::string_view authority = rest.substr(begin, end - begin);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      out = std::string(rest.substr(0, begin)) + placeholder("userinfo", authority.substr(0, at));
      rest.remove_prefix(begin + at);
    }
  }
  const std::size_t query = std::min(rest.find_first_of("?#"), rest.size());
  out += text(std::string(rest.substr(0, query)));
  rest.remove_prefix(query);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("&#", 1), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    rest.remove_prefix(end);
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(1, equals - 1);
    if (equals != std::string_view::npos && is_secret_name(name)) {
      out += parameter.substr(0, equals + 1);
      out += placeholder(name, parameter.substr(equals + 1));
    } else {
      out += text(std::string(parameter));
    }
  }
  return out;
}

std::string Redactor::header(std::string_view name, std::string_view value) {
  if (is_secret_name(name)) {
    return placeholder(name, value);
  }
  const bool holds_url =
      value.find("//") != std::string_view::npos || value.find('?') != std::string_view::npos;
  return holds_url ? url(value) : text(std::string(value));
}

std::string Redactor::json(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (body[first] != '{' && body[first] != '[')) {
    return text(std::string(body));
  }
  std::string out;
  std::string key;  ///< the last one; it holds for all values of an array
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t begin = at;
    at = end_of_json_token(body, at);
    const std::string_view token = body.substr(begin, at - begin);
    if (token.front() == '"' && next_is_colon(body, at)) {
      key = unquoted(token).value_or("token");
      out += token;
    } else if (is_json_scalar(token)) {
      out += json_scalar(key, token);
    } else {
      out += token;
    }
  }
  return out;
}

std::string Redactor::json_scalar(const std::string& key, std::string_view token) {
  const bool quoted = token.front() == '"';
  if (!quoted && !is_digit(token.front())) {
    return std::string(token);
  }
  const auto said = quoted ? unquoted(token) : std::string(token);
  if (!said) {
    return R"("TORN")";  // whether half of a text is a secret cannot be told
  }
  const std::string& value = *said;
  if (is_secret_name(key) && value != "none" && value != "required" && !value.empty()) {
    return '"' + placeholder(key, value) + '"';
  }
  const std::string shown = value.find("://") != std::string::npos ? url(value) : text(value);
  if (!quoted || shown == value) {
    return std::string(token);
  }
  std::string out;
  append_json_string(out, shown);
  return out;
}

std::string Redactor::text(std::string text) const {
  for (const auto& [secret, placeholder] : placeholders_) {
    if (secret.size() >= matched_bytes_min) {
      replace_all(text, secret, placeholder);
    }
  }
  return text;
}

}  // namespace tapedeck::recorder
