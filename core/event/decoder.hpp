// From the text of a payload to its Value, accepting exactly what JavaScript's JSON.parse accepts.
//
// A structural parser, which goes along the tokens that simdjson finds, reads what nearly every
// payload is; what it refuses goes to a plain parser, which decides and says where the fault is.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/event/value.hpp"

namespace tapedeck::event {

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

  /// The same without a copy: `text` lives as long as the value.
  [[nodiscard]] Decoded decode_in_place(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::event
