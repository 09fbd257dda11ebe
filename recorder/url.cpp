#include "recorder/url.hpp"

#include <algorithm>
#include <charconv>

#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::string_view scheme_mark = "://";

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

bool is_scheme_char(char c) {
  return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

/// `x` of `x:...`, or "" where there is no scheme.
std::string_view scheme_of(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_scheme_char);
  const auto length = static_cast<std::size_t>(end - text.begin());
  const bool found = end != text.end() && *end == ':' && length > 0 && is_alpha(text.front());
  return found ? text.substr(0, length) : std::string_view{};
}

/// RFC 3986, section 5.2.4. `path` begins with a slash.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool last = path.empty();
    if (segment == "/.") {
      out += last ? "/" : "";
    } else if (segment == "/..") {
      out.erase(std::min(out.rfind('/'), out.size()));
      out += last ? "/" : "";
    } else {
      out += segment;
    }
  }
  return out.empty() ? "/" : out;
}

/// The request target for `path` (beginning with a slash, or empty) and `query` ("" or "?...").
std::string make_target(std::string_view path, std::string_view query) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : without_dot_segments(path) + std::string(query)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '<' || c == '>') {
      out += {'%', hex[byte >> 4], hex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

std::string make_target(std::string_view path_and_query) {
  const std::size_t mark = std::min(path_and_query.find('?'), path_and_query.size());
  return make_target(path_and_query.substr(0, mark), path_and_query.substr(mark));
}

Result<std::string> parse_host(std::string_view text) {
  const bool address = text.starts_with('[') && text.ends_with(']');
  if (address) {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) {
      return fail_usage("the URL's host stands in brackets and is no IPv6 address");
    }
  }
  const auto allowed = [address](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' ||
           (address && (c == ':' || c == '%'));
  };
  if (text.empty()) {
    return fail_usage("the URL names no host");
  }
  if (!std::ranges::all_of(text, allowed)) {
    return fail_usage("the URL's host holds a character that no host name has");
  }
  return lower(text);
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view scheme) {
  if (text.empty()) {
    return default_port(scheme);
  }
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0) {
    return fail_usage("the URL's port is not a number from 1 to 65535");
  }
  return port;
}

/// `text` is "userinfo@host:port".
Result<void> parse_authority(std::string_view text, Url& url) {
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    url.userinfo = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return fail_usage("the URL's host opens a bracket and does not close it");
  }
  const std::size_t colon = std::min(text.find(':', bracket), text.size());
  auto host = parse_host(text.substr(0, colon));
  if (!host) {
    return fail(host.error());
  }
  url.host = *std::move(host);
  const auto port =
      parse_port(colon == text.size() ? std::string_view{} : text.substr(colon + 1), url.scheme);
  if (!port) {
    return fail(port.error());
  }
  url.port = *port;
  return {};
}

}  // namespace

bool looks_like_url(std::string_view text) {
  const std::string_view scheme = scheme_of(text);
  return !scheme.empty() && text.substr(scheme.size()).starts_with(scheme_mark);
}

Result<Url> parse_url(std::string_view text) {
  if (std::ranges::any_of(text, is_control)) {
    return fail_usage("the URL holds a control character");
  }
  if (!looks_like_url(text)) {
    return fail_usage("the URL does not begin with http:// or https://");
  }
  Url url;
  url.scheme = lower(scheme_of(text));
  if (url.scheme != "http" && url.scheme != "https") {
    return fail_usage("its scheme is '" + url.scheme + "', not http or https");
  }
  text.remove_prefix(url.scheme.size() + scheme_mark.size());
  text = text.substr(0, text.find('#'));
  const std::size_t authority = std::min(text.find_first_of("/?"), text.size());
  if (const auto parsed = parse_authority(text.substr(0, authority), url); !parsed) {
    return fail(parsed.error());
  }
  url.target = make_target(text.substr(authority));
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  reference = trim(reference);
  if (std::ranges::any_of(reference, is_control)) {
    return fail_usage("the URL holds a control character");
  }
  if (!scheme_of(reference).empty()) {
    return parse_url(reference);
  }
  if (reference.starts_with("//")) {
    return parse_url(base.scheme + ":" + std::string(reference));
  }
  Url url = base;
  reference = reference.substr(0, reference.find('#'));
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  if (reference.starts_with('/')) {
    url.target = make_target(reference);
  } else if (reference.starts_with('?')) {
    url.target = make_target(base_path, reference);
  } else if (!reference.empty()) {
    const std::string_view folder = base_path.substr(0, base_path.rfind('/') + 1);
    url.target = make_target(std::string(folder) + std::string(reference));
  }
  return url;
}

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

std::string host_header(const Url& url) {
  const bool address = url.host.find(':') != std::string::npos;
  std::string out = address ? "[" + url.host + "]" : url.host;
  if (url.port != default_port(url.scheme)) {
    out += ":" + std::to_string(url.port);
  }
  return out;
}

std::string to_string(const Url& url) {
  const std::string userinfo = url.userinfo.empty() ? "" : url.userinfo + "@";
  return url.scheme + std::string(scheme_mark) + userinfo + host_header(url) + url.target;
}

}  // namespace tapedeck::recorder
