// A tape with something in every table, and a user who asks everything of a tape that may be
// broken.
#pragma once

#include <string>

namespace tapedeck::test {

/// Twenty-one frames of two connections, an exchange, a gap and a value.
void make_full_tape(const std::string& path);

/// Asks everything of the tape that one can ask. "" where each answer was a value or a sentence, or
/// what was not.
[[nodiscard]] std::string use_tape(const std::string& path);

}  // namespace tapedeck::test
