#include "recorder/proxy_settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <arpa/inet.h>

#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

/// An address as its bytes: four, sixteen, or none where `text` is no address.
std::string address_bytes(std::string_view text) {
  const std::string literal(text.substr(0, text.find('%')));
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, literal.c_str(), bytes.data()) == 1) {
    return {bytes.data(), 4};
  }
  if (::inet_pton(AF_INET6, literal.c_str(), bytes.data()) == 1) {
    return {bytes.data(), 16};
  }
  return "";
}

bool is_loopback(const std::string& host) {
  const std::string address = address_bytes(host);
  return host == "localhost" || host.ends_with(".localhost") ||
         (address.size() == 4 && address[0] == 127) || address == address_bytes("::1");
}

/// Whether `address` lies in a network like "10.0.0.0/8".
bool in_network(const std::string& address, std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::string base = address_bytes(network.substr(0, slash));
  const std::string_view length = network.substr(slash + 1);
  std::size_t bits = 0;
  const auto [stop, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc{} || stop != length.data() + length.size() || base.empty() ||
      base.size() != address.size() || bits > base.size() * 8) {
    return false;
  }
  const std::size_t whole = bits / 8;
  const auto mask = static_cast<unsigned char>(0xff00U >> bits % 8);
  return std::equal(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(whole),
                    address.begin()) &&
         (mask == 0 || ((base[whole] ^ address[whole]) & mask) == 0);
}

/// Whether an entry of NO_PROXY means `url`.
bool covers(std::string_view entry, const Url& url) {
  const std::string address = address_bytes(url.host);
  if (entry.find('/') != std::string_view::npos) {
    return in_network(address, entry);
  }
  const bool bare_v6 = address_bytes(entry).size() == 16;
  const std::size_t colon = bare_v6 ? std::string_view::npos : entry.rfind(':');
  if (colon != std::string_view::npos && entry.find(']', colon) == std::string_view::npos) {
    if (entry.substr(colon + 1) != std::to_string(url.port)) {
      return false;
    }
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with('[') && entry.ends_with(']')) {
    entry = entry.substr(1, entry.size() - 2);
  }
  if (!address.empty()) {
    return address_bytes(entry) == address;
  }
  entry.remove_prefix(std::min(entry.find_first_not_of("*."), entry.size()));
  return !entry.empty() && (url.host == entry || url.host.ends_with("." + std::string(entry)));
}

std::vector<std::string> split_entries(std::string_view list) {
  std::vector<std::string> entries;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", \t"), list.size());
    if (end > 0) {
      entries.push_back(lower(list.substr(0, end)));
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return entries;
}

}  // namespace

Result<ProxySettings> ProxySettings::from_environment(
    const std::function<std::string(const std::string& name)>& variable) {
  const auto value = [&](const std::string& upper_name) {
    const std::string found = variable(lower(upper_name));
    return found.empty() ? variable(upper_name) : found;
  };
  ProxySettings settings;
  for (const auto& [name, place] :
       {std::pair{"HTTP_PROXY", &settings.http_}, std::pair{"HTTPS_PROXY", &settings.https_}}) {
    const std::string text = value(name);
    if (text.empty()) {
      continue;
    }
    auto url = parse_url(looks_like_url(text) ? text : "http://" + text);
    if (!url || url->secure()) {
      return fail_usage("the proxy in " + std::string(name) +
                        " cannot be used: give it as http://[USER:PASSWORD@]HOST:PORT, or unset "
                        "the variable");
    }
    *place = *std::move(url);
  }
  settings.direct_ = split_entries(value("NO_PROXY"));
  return settings;
}

std::optional<Url> ProxySettings::proxy_for(const Url& url) const {
  const auto means_it = [&](const std::string& entry) {
    return entry == "*" || covers(entry, url);
  };
  if (is_loopback(url.host) || std::ranges::any_of(direct_, means_it)) {
    return std::nullopt;
  }
  return url.secure() ? https_ : http_;
}

}  // namespace tapedeck::recorder
