#include "core/state/join.hpp"

namespace tapedeck::state {

std::string conference_name_of(std::string_view alias) {
  std::string name;
  bool starts_word = true;
  for (const char c : alias) {
    if (c == '.' || c == '-' || c == '_') {
      starts_word = true;
      continue;
    }
    if (starts_word) {
      if (!name.empty()) {
        name += ' ';
      }
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    } else {
      name += c;
    }
    starts_word = false;
  }
  return name;
}

}  // namespace tapedeck::state
