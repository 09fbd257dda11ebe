#include "cli/overwritten_line.hpp"

#include <cstdio>

#include <unistd.h>

namespace tapedeck::cli {

OverwrittenLine::OverwrittenLine() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

void OverwrittenLine::show(const std::string& text) {
  if (on_terminal_) {
    const std::scoped_lock lock(mutex_);
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    shown_ = true;
  }
}

void OverwrittenLine::clear() {
  if (shown_) {
    std::fprintf(stderr, "\r\x1b[K");
    shown_ = false;
  }
}

}  // namespace tapedeck::cli
