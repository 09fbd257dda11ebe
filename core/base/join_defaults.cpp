#include "core/base/join_defaults.hpp"

namespace tapedeck {

std::string conference_name_of(std::string_view alias) {
  std::string name;
  bool at_word = true;
  for (const char c : alias.substr(0, alias.find('@'))) {
    if (c == '.' || c == '-' || c == '_' || c == ' ') {
      at_word = true;
      continue;
    }
    if (at_word && !name.empty()) {
      name += ' ';
    }
    name += at_word && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    at_word = false;
  }
  return name.empty() ? std::string(alias) : name;
}

}  // namespace tapedeck
