// A check for programmer errors: it aborts, in release builds too.
#pragma once

#include <source_location>

namespace tapedeck {

/// Prints `what` with its place to stderr and aborts.
[[noreturn]] void fail_check(const char* what, const std::source_location& where);

/// Aborts when `condition` is false. For invariants of our own code, never for bad input.
inline void check(bool condition, const char* what,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] {
    fail_check(what, where);
  }
}

}  // namespace tapedeck
