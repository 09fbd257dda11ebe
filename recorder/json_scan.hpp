// The strings and numbers of a JSON text with the keys above them, in the order in which they
// stand, and what is said by strings with escapes. The text may be torn or wrong anywhere: it is
// searched, not parsed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "recorder/secret_place.hpp"

namespace tapedeck::recorder {

struct JsonScalar {
  std::size_t begin = 0;  ///< of a string: behind its quote
  std::size_t end = 0;    ///< of a string: before its closing quote
  bool quoted = false;
  bool torn = false;  ///< a string without an end
};

class JsonScan {
 public:
  /// `text` must outlive the scan.
  explicit JsonScan(std::string_view text) : text_(text) {}

  /// The next string that is no key, or number.
  [[nodiscard]] std::optional<JsonScalar> next();

  /// The last key before it: of an array, the key of the array.
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  [[nodiscard]] bool colon_follows(std::size_t at) const;

  std::string_view text_;
  std::size_t at_ = 0;
  bool behind_colon_ = false;  ///< what comes is a value, whatever follows it
  std::string key_;
};

/// What the inside of a JSON string says, as UTF-8; of what is no escape, itself.
[[nodiscard]] std::string unescaped(std::string_view written);

/// Takes places in `unescaped(written)`, which are sorted and do not overlap, to where they are in
/// `written`.
void to_written(std::string_view written, SecretPlaces& places);

}  // namespace tapedeck::recorder
