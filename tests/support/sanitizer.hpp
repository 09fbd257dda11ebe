// What is different under a sanitizer.
#pragma once

namespace tapedeck::test {

/// False under a sanitizer, which keeps shadows of what is in memory, and what was freed: there no
/// limit of memory is judged.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool memory_is_own = false;
#else
inline constexpr bool memory_is_own = true;
#endif

/// So many times as long may take what a test gives a time, as tests/CMakeLists.txt has it for the
/// built command.
#if defined(__SANITIZE_THREAD__)
inline constexpr int slowdown = 8;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr int slowdown = 4;
#else
inline constexpr int slowdown = 1;
#endif

/// So many seconds waits a test for what should come at once.
inline constexpr int patience_s = 20 * slowdown;

/// What ends a process by SIGSEGV is caught by the sanitizer, which reports it.
inline constexpr bool catches_faults = !memory_is_own;

}  // namespace tapedeck::test
