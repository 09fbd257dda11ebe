#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace tapedeck {

void fail_check(const char* what, const char* file, int line) {
  std::fprintf(stderr, "tapedeck: internal error: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace tapedeck
