#include "core/event/value.hpp"

#include <algorithm>
#include <bitset>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/base/check.hpp"
#include "core/base/json_text.hpp"

namespace tapedeck::event {
namespace {

std::uint32_t checked_size(std::size_t size) {
  check(size <= std::numeric_limits<std::uint32_t>::max(), "a value of more than 4 GiB");
  return static_cast<std::uint32_t>(size);
}

}  // namespace

Value Value::string(std::string_view text) {
  Value made(Type::string);
  made.text_ = text.data();
  made.size_ = checked_size(text.size());
  return made;
}

Value Value::array(std::span<const Value> items) {
  Value made(Type::array);
  made.items_ = items.data();
  made.size_ = checked_size(items.size());
  return made;
}

Value Value::object(std::span<const Member> members) {
  Value made(Type::object);
  made.members_ = members.data();
  made.size_ = checked_size(members.size());
  return made;
}

bool Value::as_boolean() const {
  check(is_boolean(), "as_boolean() of a value of another type");
  return boolean_;
}

double Value::as_number() const {
  check(is_number(), "as_number() of a value of another type");
  return number_;
}

std::string_view Value::as_string() const {
  check(is_string(), "as_string() of a value of another type");
  return {text_, size_};
}

std::span<const Value> Value::items() const {
  return is_array() ? std::span(items_, size_) : std::span<const Value>{};
}

std::span<const Member> Value::members() const {
  return is_object() ? std::span(members_, size_) : std::span<const Member>{};
}

const Value* Value::find(std::string_view key) const {
  for (const Member& member : members()) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

Value Value::operator[](std::string_view key) const {
  const Value* found = find(key);
  return found == nullptr ? Value() : *found;
}

namespace {

bool same_members(std::span<const Member> a, std::span<const Member> b) {
  if (a.size() != b.size()) {
    return false;
  }
  const auto same = [](const Member& x, const Member& y) {
    return x.key == y.key && x.value == y.value;
  };
  std::size_t i = 0;
  while (i < a.size() && same(a[i], b[i])) {
    ++i;
  }
  if (i == a.size()) {
    return true;
  }
  std::unordered_map<std::string_view, const Value*> rest;
  for (const Member& member : b.subspan(i)) {
    rest.emplace(member.key, &member.value);
  }
  return std::all_of(a.begin() + static_cast<std::ptrdiff_t>(i), a.end(), [&](const Member& x) {
    const auto found = rest.find(x.key);
    return found != rest.end() && x.value == *found->second;
  });
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  if (a.type() != b.type()) {
    return false;
  }
  switch (a.type()) {
    case Type::undefined:
    case Type::null:
      return true;
    case Type::boolean:
      return a.as_boolean() == b.as_boolean();
    case Type::number:
      return a.as_number() == b.as_number();
    case Type::string:
      return a.as_string() == b.as_string();
    case Type::array:
      return std::ranges::equal(a.items(), b.items());
    case Type::object:
      return same_members(a.members(), b.members());
  }
  return false;
}

// --- Arena, OwnedValue ---

std::byte* Arena::take(std::size_t bytes, std::size_t alignment) {
  if (bytes == 0) {
    return nullptr;
  }
  std::size_t start = (used_ + alignment - 1) / alignment * alignment;
  if (blocks_.empty() || start + bytes > blocks_.back().size) {
    constexpr std::size_t block_bytes_min = 512;
    constexpr std::size_t grown_bytes_max = std::size_t{4} * 1024 * 1024;  // unused at the end
    const std::size_t last = blocks_.empty() ? 0 : blocks_.back().size;
    add_block(std::max({bytes, std::min(2 * last, grown_bytes_max), block_bytes_min}));
    start = 0;
  }
  used_ = start + bytes;
  return blocks_.back().bytes.get() + start;
}

void Arena::add_block(std::size_t size) {
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  used_ = 0;
}

void Arena::clear() {
  if (blocks_.size() > 1) {
    Block last = std::move(blocks_.back());
    blocks_.clear();
    blocks_.push_back(std::move(last));
  }
  used_ = 0;
}

std::size_t Arena::bytes() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) {
    sum += block.size;
  }
  return sum;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  char* to = allocate<char>(text.size());
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

std::span<const Value> Arena::copy(std::span<const Value> items) {
  Value* to = allocate<Value>(items.size());
  std::uninitialized_copy(items.begin(), items.end(), to);
  return {to, items.size()};
}

std::span<const Member> Arena::copy(std::span<const Member> members) {
  Member* to = allocate<Member>(members.size());
  std::uninitialized_copy(members.begin(), members.end(), to);
  return {to, members.size()};
}

namespace {

/// What a deep copy of `value` takes, gaps of alignment included.
std::size_t copied_bytes(const Value& value) {
  std::size_t bytes = 0;
  switch (value.type()) {
    case Type::undefined:
    case Type::null:
    case Type::boolean:
    case Type::number:
      break;
    case Type::string:
      bytes = value.as_string().size();
      break;
    case Type::array:
      bytes = value.items().size_bytes() + alignof(Value);
      for (const Value& item : value.items()) {
        bytes += copied_bytes(item);
      }
      break;
    case Type::object:
      bytes = value.members().size_bytes() + alignof(Member);
      for (const Member& member : value.members()) {
        bytes += member.key.size() + copied_bytes(member.value);
      }
      break;
  }
  return bytes;
}

Value deep_copy(const Value& value, Arena& arena) {
  switch (value.type()) {
    case Type::undefined:
    case Type::null:
    case Type::boolean:
    case Type::number:
      return value;
    case Type::string:
      return Value::string(arena.copy(value.as_string()));
    case Type::array: {
      const auto items = value.items();
      Value* to = arena.allocate<Value>(items.size());
      for (std::size_t i = 0; i < items.size(); ++i) {
        std::construct_at(to + i, deep_copy(items[i], arena));
      }
      return Value::array({to, items.size()});
    }
    case Type::object: {
      const auto members = value.members();
      Member* to = arena.allocate<Member>(members.size());
      for (std::size_t i = 0; i < members.size(); ++i) {
        std::construct_at(to + i,
                          Member{arena.copy(members[i].key), deep_copy(members[i].value, arena)});
      }
      return Value::object({to, members.size()});
    }
  }
  return {};
}

}  // namespace

OwnedValue::OwnedValue(const Value& value) {
  if (const std::size_t bytes = copied_bytes(value); bytes != 0) {
    arena_ = Arena(bytes);
  }
  value_ = deep_copy(value, arena_);
}

// --- the members of an object ---

namespace {

/// The number of a key that JavaScript takes for an array index (ECMA-262, 6.1.7): canonical
/// decimal, below 2^32 - 1.
std::optional<std::uint32_t> array_index(std::string_view key) {
  if (key.empty() || key.size() > 10 || key[0] < '0' || key[0] > '9' ||
      (key[0] == '0' && key.size() > 1)) {
    return std::nullopt;
  }
  std::uint64_t index = 0;
  for (const char c : key) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (index >= std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(index);
}

/// Whether two members may have the same key: never wrong about "no", and cheap for the few dozen
/// keys of a real payload.
bool may_have_duplicates(std::span<const Member> members) {
  std::bitset<1024> seen;
  for (const Member& member : members) {
    const std::string_view key = member.key;
    std::size_t mark = key.size();
    if (!key.empty()) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(key[i]); };
      mark += 31U * byte(0) + 7U * byte(key.size() / 2) + 131U * byte(key.size() - 1) +
              57U * byte(key.size() / 3);
    }
    mark %= seen.size();
    if (seen.test(mark)) {
      return true;
    }
    seen.set(mark);
  }
  return false;
}

/// The last value of a key moves to its first place. Returns how many members are left.
std::size_t merge_duplicates(std::span<Member> members) {
  constexpr std::size_t few = 64;
  std::size_t kept = 0;
  std::unordered_map<std::string_view, std::size_t> places;  // used only when they are many
  const bool many = members.size() > few;
  for (const Member& member : members) {
    std::size_t place = kept;
    if (many) {
      place = places.emplace(member.key, kept).first->second;
    } else {
      for (place = 0; place < kept && members[place].key != member.key; ++place) {
      }
    }
    if (place < kept) {
      members[place].value = member.value;
    } else {
      members[kept++] = member;
    }
  }
  return kept;
}

}  // namespace

std::size_t normalize_members(std::span<Member> members) {
  if (may_have_duplicates(members)) {
    members = members.first(merge_duplicates(members));
  }
  const auto is_index = [](const Member& member) { return array_index(member.key).has_value(); };
  if (std::ranges::any_of(members, is_index)) {
    const auto rest = std::stable_partition(members.begin(), members.end(), is_index);
    std::sort(members.begin(), rest, [](const Member& a, const Member& b) {
      return array_index(a.key).value_or(0) < array_index(b.key).value_or(0);
    });
  }
  return members.size();
}

Value ObjectBuilder::build(Arena& arena) {
  members_.resize(normalize_members(members_));
  const Value made = Value::object(arena.copy(std::span<const Member>(members_)));
  members_.clear();
  return made;
}

// --- JSON ---

void append_json(std::string& out, const Value& value, const JsonStyle& style) {
  switch (value.type()) {
    case Type::undefined:
    case Type::null:
      out += "null";
      return;
    case Type::boolean:
      out += value.as_boolean() ? "true" : "false";
      return;
    case Type::number:
      append_json_number(out, value.as_number());
      return;
    case Type::string:
      append_json_string(out, value.as_string());
      return;
    case Type::array: {
      char before = '[';
      for (const Value& item : value.items()) {
        out += before;
        append_json(out, item, style);
        before = ',';
      }
      out += before == '[' ? "[]" : "]";
      return;
    }
    case Type::object: {
      char before = '{';
      for (const Member& member : value.members()) {
        if (member.value.is_undefined() ||
            (!style.without.empty() && member.key == style.without)) {
          continue;
        }
        out += before;
        append_json_string(out, member.key);
        out += ':';
        append_json(out, member.value, style);
        before = ',';
      }
      out += before == '{' ? "{}" : "}";
      return;
    }
  }
}

}  // namespace tapedeck::event
