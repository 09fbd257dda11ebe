#include "core/event/structural_parser.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "core/event/json_escape.hpp"
#include "core/event/key_orders.hpp"
#include "core/event/scalar.hpp"

namespace tapedeck::event {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// The tokens of a text. Passed on by value: kept in registers it is twice as fast.
struct TokenCursor {
  const char* text;
  const std::uint32_t* token;  // the next one; behind the last stands the first once more

  /// What the next token begins with. At the end it is what opens the root, which nothing that may
  /// come after another value does.
  [[nodiscard]] char next() const { return text[*token]; }

  /// Where the value before the next token ends: the white space after it left out.
  [[nodiscard]] const char* value_end() const {
    const char* last = text + *token;
    while (last[-1] <= ' ' && is_space(last[-1])) [[unlikely]] {
        --last;
      }
    return last;
  }
};

/// Whether the next tokens are this key and the colon after it.
[[gnu::always_inline]] inline bool is_key(const TokenCursor& at, std::size_t text_size,
                                          const ExpectedKey& expected) {
  const std::size_t begin = *at.token + std::size_t{1};
  if (at.token[1] - at.token[0] != expected.size() + 2 || at.next() != '"') {
    return false;
  }
  return begin + ExpectedKey::bytes_read <= text_size
             ? expected.is_at(at.text + begin)
             : expected.key() == std::string_view(at.text + begin, expected.size()) &&
                   at.text[at.token[1]] == ':';
}

}  // namespace

struct StructuralParser::Impl {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_1;
  KeyOrders orders;
  std::vector<Member> pending;  // of objects and arrays that are open, and of the last root
  std::size_t pendings = 0;     // how many of them there are
  CopySize size;
  std::uint64_t keys = 0;
  std::string unescaped;

  // Of the text at hand
  std::string_view text;
  const std::uint32_t* end = nullptr;  // of the tokens
  bool escapes = false;
  bool is_as_it_came = true;  // no member has been left out
  Arena* arena = nullptr;

  bool find_tokens();

  // Each reads what begins at `at` and moves it behind; false where it is not what it should be.
  bool value(TokenCursor& at, Value& made, std::size_t depth);
  bool scalar(TokenCursor& at, Value& made);
  bool string(TokenCursor& at, std::string_view& made);
  bool escaped(std::string_view& made);
  bool array(TokenCursor& at, Value& made, std::size_t depth);
  bool object(TokenCursor& at, Value& made, std::size_t depth);

  /// The place of the next member or item. What is in it is of before.
  Member& push() {
    if (pendings == pending.size()) {
      pending.resize(2 * pendings + 64);
    }
    return pending[pendings++];
  }
  bool value_at(std::size_t place, TokenCursor& at, std::size_t depth);
  /// `order` is that of its keys, 0 where it is not known.
  Value close_object(std::size_t from, std::size_t depth, std::uint64_t order);
};

bool StructuralParser::Impl::find_tokens() {
  if (!stage_1) {
    constexpr std::size_t capacity = std::size_t{16} * 1024;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, 1, stage_1) != simdjson::SUCCESS) {
      return false;
    }
  }
  if (text.size() > stage_1->capacity() &&
      stage_1->set_capacity(std::max(text.size(), 2 * stage_1->capacity())) != simdjson::SUCCESS) {
    stage_1.reset();
    return false;
  }
  if (stage_1->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                      simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
    return false;
  }
  std::uint32_t* const tokens = stage_1->structural_indexes.get();
  end = tokens + stage_1->n_structural_indexes;
  const char last = text[end[-1]];
  if (last != '}' && last != ']') {
    return false;  // the root is no object and no array, or not whole
  }
  tokens[stage_1->n_structural_indexes] = tokens[0];
  return true;
}

bool StructuralParser::Impl::escaped(std::string_view& made) {
  if (made.find('\\') != std::string_view::npos) {
    if (!unescape(made, unescaped)) {
      return false;
    }
    made = arena->copy(unescaped);
  }
  return true;
}

[[gnu::always_inline]] inline bool StructuralParser::Impl::string(TokenCursor& at,
                                                                  std::string_view& made) {
  const char* const first = at.text + *at.token + 1;
  ++at.token;
  const char* const last = at.value_end() - 1;
  if (last < first || *last != '"') {
    return false;
  }
  made = {first, static_cast<std::size_t>(last - first)};
  return !escapes || escaped(made);
}

/// Reads anything but an array or an object.
[[gnu::always_inline]] inline bool StructuralParser::Impl::scalar(TokenCursor& at, Value& made) {
  if (at.next() == '"') {
    std::string_view inside;
    if (!string(at, inside)) {
      return false;
    }
    size.strings += inside.size();
    ++size.texts;
    ::new (static_cast<void*>(&made)) Value(Value::string(inside));
    return true;
  }
  if (at.token + 1 == end) {
    return false;  // what closes the root
  }
  const char* const first = at.text + *at.token;
  ++at.token;
  const Value word = parse_word({first, static_cast<std::size_t>(at.value_end() - first)});
  made = word;
  return !word.is_undefined();
}

bool StructuralParser::Impl::value(TokenCursor& at, Value& made, std::size_t depth) {
  switch (at.next()) {
    case '{':
      return depth < depth_max && object(at, made, depth + 1);
    case '[':
      return depth < depth_max && array(at, made, depth + 1);
    default:
      return scalar(at, made);
  }
}

/// Reads the next value into a place of what is pending.
[[gnu::always_inline]] inline bool StructuralParser::Impl::value_at(std::size_t place,
                                                                    TokenCursor& at,
                                                                    std::size_t depth) {
  if (at.next() != '{' && at.next() != '[') {
    return scalar(at, pending[place].value);  // where it will stay: moving it is slow
  }
  Value made;
  if (!value(at, made, depth)) {
    return false;
  }
  pending[place].value = made;
  return true;
}

bool StructuralParser::Impl::array(TokenCursor& at, Value& made, std::size_t depth) {
  ++at.token;
  const std::size_t from = pendings;
  if (at.next() == ']') {
    ++at.token;
    made = Value::array({});
    return true;
  }
  for (;;) {
    push();
    if (!value_at(pendings - 1, at, depth)) {
      return false;
    }
    const char after = at.next();
    if (after != ',' && after != ']') {
      return false;
    }
    ++at.token;
    if (after == ']') {
      break;
    }
  }
  const std::size_t count = pendings - from;
  Value* const items = arena->allocate<Value>(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::construct_at(items + i, pending[from + i].value);
  }
  pendings = from;
  made = Value::array({items, count});
  size.nodes += made.items().size_bytes();
  return true;
}

bool StructuralParser::Impl::object(TokenCursor& outer, Value& made, std::size_t depth) {
  TokenCursor at = outer;
  ++at.token;
  const std::size_t from = pendings;
  if (at.next() == '}') {
    outer.token = at.token + 1;
    made = Value::object({});
    return true;
  }
  std::uint64_t order = depth == 1 ? orders.last().number : 0;  // as long as it may be
  const std::span<const ExpectedKey> expected = orders.last().keys;
  for (;;) {
    const std::size_t place = pendings - from;
    std::string_view& key = push().key;
    if (order != 0 && place < expected.size() && is_key(at, text.size(), expected[place])) {
      key = {at.text + *at.token + 1, expected[place].size()};
      ++at.token;
    } else {
      order = 0;
      if (at.next() != '"' || !string(at, key) || at.next() != ':') {
        return false;
      }
    }
    ++at.token;
    size.keys += key.size();
    if (!value_at(pendings - 1, at, depth)) {
      return false;
    }
    const char after = at.next();
    if (after != ',' && after != '}') {
      return false;
    }
    ++at.token;
    if (after == '}') {
      break;
    }
  }
  outer.token = at.token;
  made = close_object(from, depth, pendings - from == expected.size() ? order : 0);
  return true;
}

Value StructuralParser::Impl::close_object(std::size_t from, std::size_t depth,
                                           std::uint64_t order) {
  const std::span<Member> members = std::span(pending).subspan(from, pendings - from);
  std::size_t count = members.size();
  const auto is_plain = [&](const Member& member) {
    return member.key.data() >= text.data() && member.key.data() < text.data() + text.size();
  };
  if (order == 0) {
    const bool may_be_known = depth == 1 && (!escapes || std::ranges::all_of(members, is_plain));
    order = may_be_known ? orders.find(members) : 0;
    if (order == 0) {
      count = normalize_members(members);
      is_as_it_came = is_as_it_came && count == members.size();
      order = may_be_known && is_as_it_came ? orders.learn(members) : 0;
    }
  }
  size.nodes += count * sizeof(Member);
  if (depth == 1) {
    keys = order;
    return Value::object(members.first(count));  // they stay pending: nothing comes after them
  }
  pendings = from;
  return Value::object(arena->copy(std::span<const Member>(members.first(count))));
}

StructuralParser::StructuralParser() : impl_(std::make_unique<Impl>()) {}
StructuralParser::~StructuralParser() = default;

std::optional<Value> StructuralParser::parse(std::string_view text, Arena& arena) {
  Impl& impl = *impl_;
  impl.text = text;
  impl.pendings = 0;
  impl.keys = 0;
  impl.size = {};
  if (text.empty() || !impl.find_tokens()) {
    return std::nullopt;
  }
  impl.escapes = std::memchr(text.data(), '\\', text.size()) != nullptr;
  impl.is_as_it_came = true;
  impl.arena = &arena;
  TokenCursor at{text.data(), impl.stage_1->structural_indexes.get()};
  Value made;
  if (!impl.value(at, made, 0) || at.token != impl.end) {
    return std::nullopt;
  }
  if (!impl.is_as_it_came) {
    impl.size = copy_size(made);
  }
  return made;
}

std::size_t StructuralParser::padding() const {
  // The implementation without SIMD reads on where a string is not closed.
  return simdjson::get_active_implementation()->name() == "fallback" ? simdjson::SIMDJSON_PADDING
                                                                     : 0;
}

std::uint64_t StructuralParser::keys() const {
  return impl_->keys;
}

CopySize StructuralParser::size() const {
  return impl_->size;
}

}  // namespace tapedeck::event
