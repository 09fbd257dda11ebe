#include "core/base/percent.hpp"

namespace tapedeck {
namespace {

/// The byte that the escape at `at` stands for; -1: there is none.
int escaped_byte(std::string_view text, std::size_t at) {
  if (text[at] != '%' || text.size() - at < 3) {
    return -1;
  }
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    if (escaped_byte(text, at) < 0) {
      return std::nullopt;
    }
  }
  return percent_decoded_leniently(text);
}

std::string percent_decoded_leniently(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int byte = escaped_byte(text, at);
    decoded += byte < 0 ? text[at] : static_cast<char>(byte);
    at += byte < 0 ? 0 : 2;
  }
  return decoded;
}

}  // namespace tapedeck
