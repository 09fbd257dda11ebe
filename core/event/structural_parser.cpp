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

static_assert(StructuralParser::padding >= simdjson::SIMDJSON_PADDING);
static_assert(StructuralParser::padding >= KeyOrders::key_bytes_max);

/// The tokens of a text. Passed on by value: kept in registers it is twice as fast.
struct Cursor {
  const char* text;
  const std::uint32_t* token;  // the next one; behind the last stands twice the size of the text

  /// What the next token begins with; a NUL, which none does, at the end.
  [[nodiscard]] char next() const { return text[*token]; }

  /// Where the value before the next token ends: the white space after it left out.
  [[nodiscard]] const char* value_end() const {
    const char* last = text + *token;
    while (last[-1] == ' ' || last[-1] == '\n' || last[-1] == '\t' || last[-1] == '\r') {
      --last;
    }
    return last;
  }
};

}  // namespace

struct StructuralParser::Impl {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_1;
  KeyOrders orders;
  std::vector<Member> pending;  // of objects and arrays that are open, and of the last root
  std::vector<MemberPlace> places;
  std::uint64_t keys = 0;
  std::string unescaped;

  // Of the text at hand
  const std::uint32_t* end = nullptr;  // of the tokens
  bool escapes = false;
  bool plain_keys = true;  // no key had an escape
  Arena* arena = nullptr;

  bool find_tokens(std::string_view whole);

  // Each reads what begins at `at` and moves it behind; false where it is not what it should be.
  bool value(Cursor& at, Value& made, std::size_t depth);
  bool pending_value(Cursor& at, std::size_t depth);
  bool scalar(Cursor& at, Value& made);
  bool string(Cursor& at, std::string_view& made);
  bool escaped(std::string_view& made);
  bool array(Cursor& at, Value& made, std::size_t depth);
  bool object(Cursor& at, Value& made, std::size_t depth);

  Value close_object(std::size_t from, std::size_t depth);
};

bool StructuralParser::Impl::find_tokens(std::string_view whole) {
  if (!stage_1) {
    constexpr std::size_t capacity = std::size_t{16} * 1024;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, 1, stage_1) != simdjson::SUCCESS) {
      return false;
    }
  }
  if (whole.size() > stage_1->capacity() &&
      stage_1->set_capacity(std::max(whole.size(), 2 * stage_1->capacity())) !=
          simdjson::SUCCESS) {
    stage_1.reset();
    return false;
  }
  if (stage_1->stage1(reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size(),
                      simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
    return false;
  }
  end = stage_1->structural_indexes.get() + stage_1->n_structural_indexes;
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

[[gnu::always_inline]] inline bool StructuralParser::Impl::string(Cursor& at,
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
[[gnu::always_inline]] inline bool StructuralParser::Impl::scalar(Cursor& at, Value& made) {
  if (at.next() == '"') {
    std::string_view inside;
    if (!string(at, inside)) {
      return false;
    }
    ::new (static_cast<void*>(&made)) Value(Value::string(inside));
    return true;
  }
  if (at.token == end) {
    return false;
  }
  const char* const first = at.text + *at.token;
  ++at.token;
  made = parse_word({first, static_cast<std::size_t>(at.value_end() - first)});
  return !made.is_undefined();
}

bool StructuralParser::Impl::value(Cursor& at, Value& made, std::size_t depth) {
  switch (at.next()) {
    case '{':
      return depth < depth_max && object(at, made, depth + 1);
    case '[':
      return depth < depth_max && array(at, made, depth + 1);
    default:
      return scalar(at, made);
  }
}

/// Reads the next value into the last place of what is pending.
[[gnu::always_inline]] inline bool StructuralParser::Impl::pending_value(Cursor& at,
                                                                         std::size_t depth) {
  if (at.next() != '{' && at.next() != '[') {
    return scalar(at, pending.back().value);  // where it will stay: moving it is slow
  }
  const std::size_t place = pending.size() - 1;
  Value made;
  if (!value(at, made, depth)) {
    return false;
  }
  pending[place].value = made;
  return true;
}

bool StructuralParser::Impl::array(Cursor& at, Value& made, std::size_t depth) {
  ++at.token;
  const std::size_t from = pending.size();
  if (at.next() == ']') {
    ++at.token;
    made = Value::array({});
    return true;
  }
  for (;;) {
    pending.emplace_back();
    if (!pending_value(at, depth)) {
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
  const std::size_t size = pending.size() - from;
  Value* const items = arena->allocate<Value>(size);
  for (std::size_t i = 0; i < size; ++i) {
    std::construct_at(items + i, pending[from + i].value);
  }
  pending.resize(from);
  made = Value::array({items, size});
  return true;
}

bool StructuralParser::Impl::object(Cursor& outer, Value& made, std::size_t depth) {
  Cursor at = outer;
  ++at.token;
  const std::size_t from = pending.size();
  if (at.next() == '}') {
    outer.token = at.token + 1;
    made = Value::object({});
    return true;
  }
  for (;;) {
    const char* const first = at.text + *at.token + 1;
    std::string_view& key = pending.emplace_back().key;
    if (at.next() != '"' || !string(at, key) || at.next() != ':') {
      return false;
    }
    plain_keys = plain_keys && key.data() == first;
    ++at.token;
    const std::uint32_t begin = *at.token;
    if (!pending_value(at, depth)) {
      return false;
    }
    if (depth == 1) {
      places.push_back({begin, static_cast<std::uint32_t>(at.value_end() - at.text)});
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
  made = close_object(from, depth);
  return true;
}

Value StructuralParser::Impl::close_object(std::size_t from, std::size_t depth) {
  const std::span<Member> members = std::span(pending).subspan(from);
  std::size_t size = members.size();
  std::uint64_t order = plain_keys ? orders.find(members) : 0;
  if (order == 0) {
    const bool has_indices = std::ranges::any_of(members, [](const Member& member) {
      return !member.key.empty() && member.key[0] >= '0' && member.key[0] <= '9';
    });
    size = normalize_members(members);
    const bool as_it_came = plain_keys && !has_indices && size == members.size();
    order = as_it_came ? orders.learn(members) : 0;
    if (depth == 1 && !as_it_came) {
      places.clear();
    }
  }
  if (depth == 1) {
    keys = order;
    return Value::object(members.first(size));  // they stay pending: nothing comes after them
  }
  const Value made = Value::object(arena->copy(std::span<const Member>(members.first(size))));
  pending.resize(from);
  return made;
}

StructuralParser::StructuralParser() : impl_(std::make_unique<Impl>()) {}
StructuralParser::~StructuralParser() = default;

std::optional<Value> StructuralParser::parse(std::string_view text, Arena& arena) {
  Impl& impl = *impl_;
  impl.pending.clear();
  impl.places.clear();
  impl.keys = 0;
  if (text.empty() || !impl.find_tokens(text)) {
    return std::nullopt;
  }
  impl.escapes = std::memchr(text.data(), '\\', text.size()) != nullptr;
  impl.plain_keys = true;
  impl.arena = &arena;
  Cursor at{text.data(), impl.stage_1->structural_indexes.get()};
  Value made;
  if (!impl.value(at, made, 0) || at.token != impl.end) {
    impl.places.clear();
    impl.keys = 0;
    return std::nullopt;
  }
  return made;
}

std::uint64_t StructuralParser::keys() const {
  return impl_->keys;
}

std::span<const MemberPlace> StructuralParser::places() const {
  return impl_->places;
}

}  // namespace tapedeck::event
