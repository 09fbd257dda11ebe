// A check for programmer errors: it aborts, in release builds too.
#pragma once

namespace tapedeck {

/// Prints `what` with its place to stderr and aborts.
[[noreturn]] void fail_check(const char* what, const char* file, int line);

/// Aborts when `condition` is false. For invariants of our own code, never for bad input.
// The builtins stand in for std::source_location, which clang-tidy 14 does not know.
inline void check(bool condition, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!condition) [[unlikely]] {
    fail_check(what, file, line);
  }
}

}  // namespace tapedeck
