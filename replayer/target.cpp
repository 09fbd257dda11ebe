#include "replayer/target.hpp"

#include "core/base/percent.hpp"

namespace tapedeck::replayer {
namespace {

/// Cuts `text` after the first `delimiter`; gives what stands before it.
std::string_view take_until(std::string_view& text, char delimiter) {
  const std::size_t at = text.find(delimiter);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

/// Cuts the beginning of the absolute form off `text`, and gives its authority.
std::optional<std::string_view> take_authority(std::string_view& text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      const std::size_t size = std::min(text.find_first_of("/?"), text.size());
      const std::string_view authority = text.substr(0, size);
      text.remove_prefix(size);
      return authority;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Target::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    std::string_view value = take_until(rest, '&');
    if (take_until(value, '=') == name) {
      return percent_decoded(value);
    }
  }
  return std::nullopt;
}

std::optional<Target> parse_target(std::string_view text) {
  take_authority(text);
  Target target;
  std::string_view path = take_until(text, '?');
  target.query = text;
  if (path.empty() || path.front() != '/') {
    return std::nullopt;
  }
  path.remove_prefix(1);
  while (!path.empty()) {
    auto segment = percent_decoded(take_until(path, '/'));
    if (!segment) {
      return std::nullopt;
    }
    target.path.push_back(std::move(*segment));
  }
  return target;
}

std::optional<std::string_view> authority_of(std::string_view text) {
  return take_authority(text);
}

}  // namespace tapedeck::replayer
