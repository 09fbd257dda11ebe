#include "core/event/decoder.hpp"

#include <algorithm>
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
  std::size_t padding = parser.padding();
  std::vector<char> copied;  // a text, and what may be read past its end
  Arena arena;
  Tree tree{arena};
  std::size_t depth_max = 0;
  std::size_t values_max = 0;

  std::string_view copy(std::string_view text);
  Decoded decode(std::string_view text);
};

std::string_view Decoder::Impl::copy(std::string_view text) {
  if (copied.size() < text.size() + padding) {
    copied.resize(std::max(2 * copied.size(), text.size() + padding));
  }
  std::copy(text.begin(), text.end(), copied.begin());
  std::fill_n(copied.begin() + static_cast<std::ptrdiff_t>(text.size()), padding, '\0');
  return {copied.data(), text.size()};
}

Decoded Decoder::Impl::decode(std::string_view text) {
  if (has_more_values(text, values_max)) {
    return {Decoded::Outcome::too_many, Value(), 0, {}};
  }
  arena.clear();
  tree.clear();
  if (depth_max >= StructuralParser::depth_max) {
    if (const auto value = parser.parse(text, arena)) {
      return {Decoded::Outcome::ok, *value, 0, {text, parser.keys(), parser.size()}};
    }
  }
  Decoded decoded = parse_plainly(text, depth_max, tree);
  decoded.origin.text = text;
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
  return impl_->decode(impl_->copy(text));
}

Decoded Decoder::decode_in_place(std::string_view text) {
  return impl_->padding == 0 ? impl_->decode(text) : decode(text);
}

}  // namespace tapedeck::event
