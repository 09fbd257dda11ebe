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
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
      break;
    }
  }
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

}  // namespace tapedeck::replayer
