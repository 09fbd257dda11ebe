// Secrets that have been met, and where they stand in other places.
//
// A secret is known by its place first; by its value only as far as that is distinctive: a word or
// four digits may stand anywhere by chance. Bounded: of many secrets those are forgotten that were
// met longest ago, which are then known by their place only. Not thread-safe.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "recorder/secret_place.hpp"

namespace tapedeck::recorder {

/// Secrets of others that are known by their value, so that a proxy does not grow with every token
/// that passes: ten times what 400 participants have at a time.
inline constexpr std::size_t known_secrets_max = 4096;

enum class Memory {
  bounded,   ///< forgotten when about known_secrets_max others were met since
  for_ever,  ///< one of our own, of which there are few
};

/// What a text is.
enum class Text {
  value,  ///< a name, a path, a number: a word in it is no secret by chance
  prose,  ///< sentences
};

class KnownSecrets {
 public:
  explicit KnownSecrets(std::size_t bounded_max = known_secrets_max) : bounded_max_(bounded_max) {}
  KnownSecrets(const KnownSecrets&) = delete;
  KnownSecrets& operator=(const KnownSecrets&) = delete;

  /// The placeholder of `secret`, `kind` and a number.
  const std::string& placeholder(std::string_view kind, std::string_view secret, Memory memory);

  /// Appends where known secrets stand in `text`; `torn`: what follows is cut off, so that the
  /// beginning of a secret at its end is one too.
  void find(std::string_view text, Text what, bool torn, SecretPlaces& places) const;

  [[nodiscard]] std::size_t size() const { return secrets_.size(); }

 private:
  /// Where a secret is known by its value.
  enum class Reach {
    nowhere,  ///< too short
    prose,    ///< where it is a word of a sentence: it could be any word
    word,     ///< where it is a word: its digits could be part of any number
    anywhere,
  };
  struct Known {
    std::string placeholder;
    Reach reach = Reach::nowhere;
    bool for_ever = false;
    std::uint64_t met = 0;  ///< when, in a count of all meetings
  };
  using Secrets = std::map<std::string, Known, std::less<>>;

  [[nodiscard]] static Reach reach_of(std::string_view secret);
  [[nodiscard]] static bool is_in(std::string_view text, std::size_t at,
                                  const Secrets::value_type& known, Text what, bool torn);
  void enter(const Secrets::value_type& known);
  void forget_oldest();

  std::size_t bounded_max_;
  std::size_t bounded_ = 0;
  std::uint64_t meetings_ = 0;
  Secrets secrets_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;  ///< by kind
  /// Those that reach somewhere, by their first four bytes, and which such bytes there may be.
  std::unordered_map<std::uint32_t, std::vector<const Secrets::value_type*>> by_start_;
  std::bitset<65536> starts_;
};

}  // namespace tapedeck::recorder
