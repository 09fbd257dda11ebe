// Escapes in JSON strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapedeck::event {

/// Reads what follows a backslash at `text[at]` and appends what it means (WTF-8). `at` is behind
/// it afterwards; where it is no escape, false, and `at` is on the byte at fault.
[[nodiscard]] bool take_escape(std::string_view text, std::size_t& at, std::string& out);

/// What stands between the quotes of a string, its escapes replaced; false where one is no escape.
[[nodiscard]] bool unescape(std::string_view text, std::string& out);

}  // namespace tapedeck::event
