// Text that is JSON to values, along the places of its tokens, which simdjson's stage 1 finds.
//
// Gives up on what is not JSON, and on what is out of the ordinary; then the plain parser decides.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/event/value.hpp"

namespace tapedeck::event {

class StructuralParser {
 public:
  /// It gives up on what nests deeper.
  static constexpr std::size_t depth_max = 512;

  StructuralParser();
  StructuralParser(const StructuralParser&) = delete;
  StructuralParser& operator=(const StructuralParser&) = delete;
  ~StructuralParser();

  /// Strings without escapes are borrowed from `text`, the rest lies in `arena` and, until the next
  /// call, in the parser. Nothing where it gives up.
  [[nodiscard]] std::optional<Value> parse(std::string_view text, Arena& arena);

  /// How many bytes behind a text are read, so that there must be memory: none where the processor
  /// is one that simdjson knows.
  [[nodiscard]] std::size_t padding() const;

  /// Of the last text that was parsed, as Origin has it.
  [[nodiscard]] std::uint64_t keys() const;
  [[nodiscard]] CopySize size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::event
