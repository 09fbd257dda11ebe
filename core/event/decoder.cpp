#include "core/event/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "core/event/plain_parser.hpp"
#include "core/event/structural_parser.hpp"
#include "core/event/tree.hpp"

namespace tapedeck::event {
namespace {

/// Counts what stands before a value: a comma or an opening bracket outside of strings.
bool has_more_values(std::string_view text, std::size_t values_max) {
  if (text.size() <= values_max) {
    return false;
  }
  std::size_t count = 1;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size() && count <= values_max; ++i) {
    const char c = text[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      i += c == '\\' ? 1 : 0;
    } else if (c == ',' || c == '[' || c == '{') {
      ++count;
    }
  }
  return count > values_max;
}

}  // namespace

struct Decoder::Impl {
  StructuralParser parser;
  std::vector<char> padded;  // the text, and the bytes that the parser reads past its end
  Arena arena;
  Tree tree{arena};
  std::size_t depth_max = 0;
  std::size_t values_max = 0;

  Decoded decode(std::string_view text);
};

Decoded Decoder::Impl::decode(std::string_view text) {
  if (has_more_values(text, values_max)) {
    return {Decoded::Outcome::too_many, Value(), 0, {}};
  }
  if (padded.size() < text.size() + StructuralParser::padding) {
    padded.resize(std::max(2 * padded.size(), text.size() + StructuralParser::padding));
  }
  std::copy(text.begin(), text.end(), padded.begin());
  std::memset(padded.data() + text.size(), 0, StructuralParser::padding);
  arena.clear();
  tree.clear();
  const std::string_view copy(padded.data(), text.size());
  if (depth_max >= StructuralParser::depth_max) {
    if (const auto value = parser.parse(copy, arena)) {
      return {Decoded::Outcome::ok, *value, 0, {copy, parser.keys(), parser.size()}};
    }
  }
  Decoded decoded = parse_plainly(copy, depth_max, tree);
  decoded.origin.text = copy;
  return decoded;
}

Decoder::Decoder(std::size_t depth_max, std::size_t values_max) : impl_(std::make_unique<Impl>()) {
  impl_->depth_max = depth_max;
  impl_->values_max = values_max;
}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Decoded Decoder::decode(std::string_view text) {
  return impl_->decode(text);
}

}  // namespace tapedeck::event
