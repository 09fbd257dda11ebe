// JSON Pointers (RFC 6901), built on the way down into a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapedeck::verdict {

/// Appends `/` and `key`, with `~` and `/` escaped.
inline void append_pointer(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

/// A step down into a member or an item; it is taken back at the end of its life.
class PointerStep {
 public:
  PointerStep(std::string& pointer, std::string_view key)
      : pointer_(pointer), size_(pointer.size()) {
    append_pointer(pointer, key);
  }
  PointerStep(std::string& pointer, std::size_t index)
      : PointerStep(pointer, std::string_view(std::to_string(index))) {}
  PointerStep(const PointerStep&) = delete;
  PointerStep& operator=(const PointerStep&) = delete;
  ~PointerStep() { pointer_.resize(size_); }

 private:
  std::string& pointer_;
  std::size_t size_;
};

}  // namespace tapedeck::verdict
