// Whether what a process has in memory is its own.
#pragma once

namespace tapedeck::test {

/// False under a sanitizer, which keeps shadows of what is in memory, and what was freed: there no
/// limit of memory is judged.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool memory_is_own = false;
#else
inline constexpr bool memory_is_own = true;
#endif

}  // namespace tapedeck::test
