#include "core/event/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include <simdjson.h>

#include "core/event/plain_parser.hpp"
#include "core/event/tree.hpp"

namespace tapedeck::event {
namespace {

namespace dom = simdjson::dom;

/// simdjson's own bound on nesting (its default); deeper text goes to the plain parser.
constexpr std::size_t dom_depth_max = 1024;

void add(Tree& tree, const dom::element& element);

void add_array(Tree& tree, const dom::array& array) {
  tree.open();
  for (const dom::element item : array) {
    add(tree, item);
  }
  tree.close_array();
}

void add_object(Tree& tree, const dom::object& object) {
  tree.open();
  for (const dom::key_value_pair member : object) {
    tree.key(member.key);
    add(tree, member.value);
  }
  tree.close_object();
}

void add(Tree& tree, const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::OBJECT:
      add_object(tree, element.get_object().value_unsafe());
      return;
    case dom::element_type::ARRAY:
      add_array(tree, element.get_array().value_unsafe());
      return;
    case dom::element_type::STRING:
      tree.add(Value::string(element.get_string().value_unsafe()));
      return;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      tree.add(Value::number(element.get_double().value_unsafe()));
      return;
    case dom::element_type::BOOL:
      tree.add(Value::boolean(element.get_bool().value_unsafe()));
      return;
    case dom::element_type::NULL_VALUE:
      tree.add(Value::null());
      return;
  }
}

}  // namespace

struct Decoder::Impl {
  dom::parser parser;
  std::vector<char> padded;  // the text, and the bytes that simdjson reads past its end
  Arena arena;
  Tree tree{arena};
  std::size_t depth_max = 0;

  Decoded decode(std::string_view text);
};

Decoded Decoder::Impl::decode(std::string_view text) {
  if (padded.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    padded.resize(std::max(2 * padded.size(), text.size() + simdjson::SIMDJSON_PADDING));
  }
  std::copy(text.begin(), text.end(), padded.begin());
  std::memset(padded.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  arena.clear();
  tree.clear();
  const bool marked = text.starts_with("\xef\xbb\xbf");  // JSON.parse takes no byte order mark
  if (depth_max >= dom_depth_max && !text.empty() && !marked) {
    dom::element root;
    if (parser.parse(padded.data(), text.size(), false).get(root) == simdjson::SUCCESS) {
      add(tree, root);
      return {Decoded::Outcome::ok, tree.take(), 0};
    }
  }
  return parse_plainly({padded.data(), text.size()}, depth_max, tree);
}

Decoder::Decoder(std::size_t depth_max) : impl_(std::make_unique<Impl>()) {
  impl_->depth_max = depth_max;
}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Decoded Decoder::decode(std::string_view text) {
  return impl_->decode(text);
}

}  // namespace tapedeck::event
