#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace tapedeck {

void fail_check(const char* what, const std::source_location& where) {
  std::fprintf(stderr, "tapedeck: internal error: %s (%s:%u)\n", what, where.file_name(),
               static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace tapedeck
