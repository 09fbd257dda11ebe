#include "recorder/request.hpp"

#include <algorithm>
#include <array>

#include "core/base/limits.hpp"
#include "core/base/percent.hpp"
#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

constexpr std::string_view last_event_id_name = "Last-Event-ID";

constexpr std::array<std::string_view, 10> refused_names{
    "accept-encoding", "connection",        "content-length", "expect",          "keep-alive", "te",
    "trailer",         "transfer-encoding", "upgrade",        "proxy-connection"};

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::string basic_auth(const Url& url) {
  return "Basic " + base64(percent_decoded_leniently(url.userinfo));
}

std::string header_line(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + std::string(value) + "\r\n";
}

/// Puts what is for the node's eyes only behind `headers`, or in the place of some.
void add_own(std::vector<Header>& headers, const std::vector<Header>& own, const Url& url) {
  if (!url.userinfo.empty()) {
    headers.push_back({"Authorization", basic_auth(url)});
  }
  std::erase_if(headers, [&](const Header& header) {
    return std::ranges::any_of(own,
                               [&](const Header& mine) { return iequals(mine.name, header.name); });
  });
  headers.insert(headers.end(), own.begin(), own.end());
}

/// And what a proxy wants to know.
std::string request_line(std::string_view method, const Url& url, const Url* proxy) {
  const std::string origin = url.scheme + "://" + host_header(url);
  std::string text =
      std::string(method) + " " + (proxy != nullptr ? origin : "") + url.target + " HTTP/1.1\r\n";
  if (const auto field = proxy != nullptr ? proxy_authorization(*proxy) : std::nullopt) {
    text += header_line(field->name, field->value);
  }
  return text;
}

}  // namespace

Result<Header> parse_header(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, std::min(colon, text.size()));
  if (colon == std::string_view::npos || name.empty() ||
      !std::ranges::all_of(name, is_token_char)) {
    return fail_usage("a header reads 'Name: value', with a name of letters, digits and dashes");
  }
  const std::string_view value = trim(text.substr(colon + 1));
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return fail_usage("the value of header '" + std::string(name) + "' holds a line end or a NUL");
  }
  if (std::ranges::find(refused_names, lower(name)) != refused_names.end()) {
    return fail_usage("header '" + std::string(name) + "' is not for the caller to set");
  }
  return Header{std::string(name), std::string(value)};
}

bool is_sendable_id(std::string_view id) {
  return !id.empty() && id.size() <= limits::last_event_id_bytes_max &&
         id.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Request make_request(const Url& url, const std::vector<Header>& own, std::string_view last_event_id,
                     bool credentials, const Url* proxy) {
  std::vector<Header> headers{{"Host", host_header(url)},
                              {"Accept", "text/event-stream"},
                              {"Cache-Control", "no-cache"},
                              {"User-Agent", "tapedeck"}};
  if (credentials) {
    add_own(headers, own, url);
  }
  Request request;
  request.text = request_line("GET", url, proxy);
  const bool id_known = is_sendable_id(last_event_id);
  if (id_known) {
    request.last_event_id = last_event_id;
  }
  for (const Header& header : headers) {
    if (iequals(header.name, last_event_id_name)) {
      if (id_known || header.value.empty()) {
        continue;
      }
      request.last_event_id = header.value;
    }
    request.text += header_line(header.name, header.value);
  }
  if (id_known) {
    request.text += header_line(last_event_id_name, last_event_id);
  }
  request.text += "\r\n";
  return request;
}

PostRequest make_post(const Url& url, const std::vector<Header>& own, std::string_view body,
                      const Url* proxy) {
  PostRequest request;
  request.headers = {{"Host", host_header(url)}, {"Accept", "application/json"}};
  if (!body.empty()) {
    request.headers.push_back({"Content-Type", "application/json"});
  }
  request.headers.push_back({"Content-Length", std::to_string(body.size())});
  request.headers.push_back({"User-Agent", "tapedeck"});
  add_own(request.headers, own, url);
  request.text = request_line("POST", url, proxy);
  for (const Header& header : request.headers) {
    request.text += header_line(header.name, header.value);
  }
  request.text += "\r\n";
  request.text += body;
  return request;
}

std::optional<Header> proxy_authorization(const Url& proxy) {
  if (proxy.userinfo.empty()) {
    return std::nullopt;
  }
  return Header{"Proxy-Authorization", basic_auth(proxy)};
}

std::string make_connect_request(const Url& url, const Url& proxy) {
  const bool address = url.host.find(':') != std::string::npos;
  const std::string authority =
      (address ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
  std::string text = "CONNECT " + authority + " HTTP/1.1\r\n" + header_line("Host", authority);
  if (const auto field = proxy_authorization(proxy)) {
    text += header_line(field->name, field->value);
  }
  return text + "\r\n";
}

}  // namespace tapedeck::recorder
