// JSON Pointers (RFC 6901): built on the way down into a value, taken apart, followed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/value.hpp"

namespace tapedeck::verdict {

/// Appends `/` and `key`, with `~` and `/` escaped.
void append_pointer(std::string& pointer, std::string_view key);

/// Appends `/` and `index`. Who walks down a value calls it at each level: the text of the index is
/// no part of their frame on the stack.
void append_pointer(std::string& pointer, std::size_t index);

/// The keys of `pointer`, unescaped; nothing for text that is no JSON Pointer.
[[nodiscard]] std::optional<std::vector<std::string>> keys_of(std::string_view pointer);

/// The index that `key` is in an array, or nothing: digits without a leading zero.
[[nodiscard]] std::optional<std::size_t> index_of(std::string_view key);

/// What stands at `pointer`; undefined where there is nothing.
[[nodiscard]] event::Value value_at(const event::Value& value, std::string_view pointer);

/// A step down into a member or an item; it is taken back at the end of its life.
class PointerStep {
 public:
  PointerStep(std::string& pointer, std::string_view key)
      : pointer_(pointer), size_(pointer.size()) {
    append_pointer(pointer, key);
  }
  PointerStep(std::string& pointer, std::size_t index) : pointer_(pointer), size_(pointer.size()) {
    append_pointer(pointer, index);
  }
  PointerStep(const PointerStep&) = delete;
  PointerStep& operator=(const PointerStep&) = delete;
  ~PointerStep() { pointer_.resize(size_); }

 private:
  std::string& pointer_;
  std::size_t size_;
};

}  // namespace tapedeck::verdict
