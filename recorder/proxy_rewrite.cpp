#include "recorder/proxy_rewrite.hpp"

#include <algorithm>

#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

std::string origin_of(const Url& url) {
  return url.scheme + "://" + host_header(url);
}

/// What follows the authority of an absolute URL, or of one without a scheme ("//host/path").
std::string_view behind_authority(std::string_view url) {
  const std::size_t authority = url.find("//") + 2;
  return url.substr(std::min(url.find_first_of("/?#", authority), url.size()));
}

bool has_authority(std::string_view url) {
  return url.starts_with("//") || looks_like_url(url);
}

/// An absolute `url` at `from` as one at `to`; any other as it is.
std::string moved(const std::string& url, const Url& from, const std::string& to) {
  if (!has_authority(url)) {
    return url;
  }
  const auto there = resolve_url(from, url);
  if (!there || !same_origin(*there, from)) {
    return url;
  }
  return to + std::string(behind_authority(url));
}

/// A cookie for the host that the client spoke to: that is us.
std::string without_domain(const std::string& cookie) {
  std::string out;
  std::string_view rest = cookie;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!lower(trim(part)).starts_with("domain=")) {
      out += (out.empty() ? "" : ";") + std::string(part);
    }
  }
  return out;
}

}  // namespace

bool is_client_api(std::string_view target) {
  return target.substr(0, target.find('?')).find("/api/client/") != std::string_view::npos;
}

Result<ProxiedRequest> rewrite_request(MessageHead head, const std::string& address,
                                       const Url& node, const Network& network) {
  auto line = parse_request_line(head.start_line);
  if (!line) {
    return fail(line.error());
  }
  if (line->method == "CONNECT") {
    return fail_io("this is a way to one node, not a proxy for CONNECT");
  }
  if (looks_like_url(line->target)) {
    line->target = behind_authority(line->target);
    if (!line->target.starts_with('/')) {
      line->target.insert(0, "/");
    }
  }
  const std::string host = head.value("Host");
  ProxiedRequest request{.line = *std::move(line),
                         .head = head,
                         .own_origin = "http://" + (host.empty() ? address : host),
                         .to_node = {}};
  const auto proxy = plain_proxy(network, node);
  head.start_line = request.line.method + " " + (proxy ? origin_of(node) : "") +
                    request.line.target + " " + request.line.version;
  head.set("Host", host_header(node));
  if (const auto own = parse_url(request.own_origin)) {
    for (Header& field : head.fields) {
      if (iequals(field.name, "Origin") || iequals(field.name, "Referer")) {
        field.value = moved(field.value, *own, origin_of(node));
      }
    }
  }
  head.erase("Proxy-Connection");
  head.erase("Proxy-Authorization");
  if (lower(head.value("Upgrade")) != "websocket") {
    head.erase("Upgrade");  // HTTP/2 could be neither read nor measured
    head.erase("HTTP2-Settings");
  }
  if (is_client_api(request.line.target)) {
    head.set("Accept-Encoding", "identity");  // what is packed can be neither recorded nor redacted
  }
  if (proxy) {
    if (const auto credentials = proxy_authorization(*proxy)) {
      head.fields.push_back(*credentials);
    }
  }
  request.to_node = head.text();
  return request;
}

void rewrite_response(MessageHead& head, const Url& node, std::string_view own_origin) {
  const std::string origin(own_origin);
  for (Header& field : head.fields) {
    const std::string name = lower(field.name);
    if (name == "location" || name == "content-location" || name == "access-control-allow-origin") {
      field.value = moved(field.value, node, origin);
    } else if (name == "set-cookie") {
      field.value = without_domain(field.value);
    }
  }
  head.erase("Alt-Svc");
}

}  // namespace tapedeck::recorder
