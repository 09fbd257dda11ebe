// JSON as JavaScript's JSON.stringify writes it: strings, numbers, nothing else.
#pragma once

#include <string>
#include <string_view>

namespace tapedeck {

/// Appends `text` quoted and escaped. `text` is UTF-8 in which a lone surrogate may stand as its
/// three-byte form (WTF-8): it becomes `\udXXX`, as the well-formed JSON.stringify of ES2019 does.
/// A byte that is neither becomes U+FFFD, so that the output is always valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// Appends `value` in the shortest form that reads back the same, with the notation of
/// ECMAScript's Number::toString; NaN and infinities become `null`.
void append_json_number(std::string& out, double value);

}  // namespace tapedeck
