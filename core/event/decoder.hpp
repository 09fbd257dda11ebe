// From the text of a payload to its Value, accepting exactly what JavaScript's JSON.parse accepts.
//
// A structural parser, which goes along the tokens that simdjson finds, reads what nearly every
// payload is; what it refuses goes to a plain parser, which decides and says where the fault is.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/event/value.hpp"

namespace tapedeck::event {

/// Where the value of a member stands in a text.
struct MemberPlace {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// How a value came out of its text: for who keeps it, and changes it as the text changes.
struct Origin {
  /// The copy of the text in which the strings of the value lie; its escapes lie elsewhere.
  std::string_view text;
  /// Of an object: where the values of its members stand, one for each. Empty where that is not
  /// known, where the members are not in the order of the text, and where a key has an escape.
  std::span<const MemberPlace> places;
  /// Of an object whose keys have stood in this order before: the same number for the same keys in
  /// the same order, for all decoders of this process. 0 where that is not known.
  std::uint64_t keys = 0;
};

struct Decoded {
  enum class Outcome : std::uint8_t {
    ok,
    not_json,  ///< JSON.parse throws a SyntaxError
    too_deep,  ///< nested deeper than limits::json_depth_max
    too_many,  ///< more values than limits::json_values_max
  };
  Outcome outcome = Outcome::ok;
  Value value;             ///< undefined unless ok
  std::size_t offset = 0;  ///< of the first byte that is at fault; 0 when ok
  Origin origin;           ///< lives as long as the value

  [[nodiscard]] bool ok() const { return outcome == Outcome::ok; }
};

class Decoder {
 public:
  explicit Decoder(std::size_t depth_max = limits::json_depth_max,
                   std::size_t values_max = limits::json_values_max);
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  /// `text` is UTF-8, or WTF-8 as wtf8.hpp says. The value lives until the next call, and `text`
  /// need not. Values are counted before anything is read, an empty array or object twice, so that
  /// text with too many is too_many even where it is no JSON.
  [[nodiscard]] Decoded decode(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::event
