// A line on stderr that says how far something is.
#pragma once

#include <mutex>
#include <string>

namespace tapedeck::cli {

/// Written over by the next; nothing where stderr is no terminal. Thread-safe.
class OverwrittenLine {
 public:
  OverwrittenLine();

  void show(const std::string& text);
  /// When nobody shows anything any more.
  void clear();

 private:
  const bool on_terminal_;
  std::mutex mutex_;
  bool shown_ = false;
};

}  // namespace tapedeck::cli
