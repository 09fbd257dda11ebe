#include "core/event/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <vector>

#include <simdjson.h>

#include "core/base/utf8.hpp"
#include "core/event/plain_parser.hpp"
#include "core/event/tree.hpp"

namespace tapedeck::event {
namespace {

namespace dom = simdjson::dom;

/// simdjson's own bound on nesting (its default); deeper text goes to the plain parser.
constexpr std::size_t dom_depth_max = 1024;

/// Makes values of what simdjson has read; its strings are borrowed.
class Maker {
 public:
  explicit Maker(Arena& arena) : arena_(arena) {}

  Value value(const dom::element& element) {
    switch (element.type()) {
      case dom::element_type::OBJECT:
        return object(element.get_object().value_unsafe());
      case dom::element_type::ARRAY:
        return array(element.get_array().value_unsafe());
      case dom::element_type::STRING:
        return Value::string(element.get_string().value_unsafe());
      case dom::element_type::INT64:
      case dom::element_type::UINT64:
      case dom::element_type::DOUBLE:
        return Value::number(element.get_double().value_unsafe());
      case dom::element_type::BOOL:
        return Value::boolean(element.get_bool().value_unsafe());
      case dom::element_type::NULL_VALUE:
        break;
    }
    return Value::null();
  }

 private:
  Value array(const dom::array& array) {
    const std::size_t size = size_of(array);
    Value* const items = arena_.allocate<Value>(size);
    Value* place = items;
    for (const dom::element item : array) {
      std::construct_at(place++, value(item));
    }
    return Value::array({items, size});
  }

  Value object(const dom::object& object) {
    const std::size_t size = size_of(object);
    Member* const members = arena_.allocate<Member>(size);
    Member* place = members;
    for (const dom::key_value_pair member : object) {
      std::construct_at(place++, Member{member.key, value(member.value)});
    }
    return Value::object({members, normalize_members({members, size})});
  }

  /// simdjson gives up counting at 2^24 - 1.
  template <class Container>
  static std::size_t size_of(const Container& container) {
    const std::size_t size = container.size();
    return size < 0xffffff
               ? size
               : static_cast<std::size_t>(std::distance(container.begin(), container.end()));
  }

  Arena& arena_;
};

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
  dom::parser parser;
  std::vector<char> padded;  // the text, and the bytes that simdjson reads past its end
  Arena arena;
  Tree tree{arena};
  std::size_t depth_max = 0;
  std::size_t values_max = 0;

  Decoded decode(std::string_view text);
};

Decoded Decoder::Impl::decode(std::string_view text) {
  if (has_more_values(text, values_max)) {
    return {Decoded::Outcome::too_many, Value(), 0};
  }
  if (padded.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    padded.resize(std::max(2 * padded.size(), text.size() + simdjson::SIMDJSON_PADDING));
  }
  std::copy(text.begin(), text.end(), padded.begin());
  std::memset(padded.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  arena.clear();
  tree.clear();
  const bool marked = text.starts_with(byte_order_mark);  // JSON.parse takes no byte order mark
  if (depth_max >= dom_depth_max && !text.empty() && !marked) {
    dom::element root;
    if (parser.parse(padded.data(), text.size(), false).get(root) == simdjson::SUCCESS) {
      return {Decoded::Outcome::ok, Maker(arena).value(root), 0};
    }
  }
  return parse_plainly({padded.data(), text.size()}, depth_max, tree);
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
