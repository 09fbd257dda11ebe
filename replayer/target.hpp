// The target of an HTTP request, taken apart: path segments and query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapedeck::replayer {

struct Target {
  /// Percent-decoded, each for itself: `a%2Fb` is one segment. One slash at the end is ignored.
  std::vector<std::string> path;
  std::string_view query;  ///< raw, without the question mark

  /// The first value of `name`, percent-decoded; a `+` is a plus, as the real client means it.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// Reads `/a/b?c=d`, and the absolute form `http://host/a/b` (RFC 9112, section 3.2). Nothing:
/// it is neither, or a percent sign is not followed by two hexadecimal digits. `text` must outlive
/// the target. Dot segments stay as they are: they lead to nothing.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

/// The `host` of the absolute form, with its port; nothing: `text` is not of that form.
[[nodiscard]] std::optional<std::string_view> authority_of(std::string_view text);

}  // namespace tapedeck::replayer
