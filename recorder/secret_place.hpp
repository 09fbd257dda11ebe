// Where in a text a secret stands, and what stands for it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tapedeck::recorder {

struct SecretPlace {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string placeholder;  ///< letters, digits and -_ only: it may stand in JSON and in URLs
  bool number = false;      ///< a number of JSON, without quotes
};

/// By where they begin; those that overlap become one, with the placeholder of the longest.
using SecretPlaces = std::vector<SecretPlace>;
void sort_and_merge(SecretPlaces& places);

}  // namespace tapedeck::recorder
