#include "core/event/value.hpp"

#include <algorithm>
#include <bit>
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

Value Value::array(std::span<const Value> items) {
  Value made(Type::array, checked_size(items.size()));
  made.items_ = items.data();
  return made;
}

Value Value::object(std::span<const Member> members) {
  Value made(Type::object, checked_size(members.size()));
  made.members_ = members.data();
  return made;
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

void add_copy_size(CopySize& size, const Value& value) {
  if (value.is_string()) {
    size.strings += value.as_string().size();
    ++size.texts;
    return;
  }
  size.nodes += value.items().size_bytes() + value.members().size_bytes();
  for (const Value& item : value.items()) {
    add_copy_size(size, item);
  }
  for (const Member& member : value.members()) {
    size.keys += member.key.size();
    add_copy_size(size, member.value);
  }
}

}  // namespace

CopySize copy_size_of_parts(const Value& value) {
  CopySize size;
  add_copy_size(size, value);
  return size;
}

namespace {

/// Free in what may change, for strings that become longer.
constexpr std::size_t spare_bytes = 64;

/// What a string takes in what may change: it may become a little longer where it is.
constexpr std::size_t room_for(std::size_t bytes) {
  constexpr std::size_t step = 8;
  return (bytes + step) / step * step;
}

}  // namespace

/// Makes a deep copy in memory that is large enough: arrays and objects from its start, after them
/// the keys of the root, after them the other strings.
class OwnedValue::Copier {
 public:
  /// `roomy`: strings take room_for() their bytes.
  Copier(std::byte* nodes, char* keys, char* strings, bool roomy)
      : nodes_(nodes), keys_(keys), strings_(strings), roomy_(roomy) {}

  /// Makes a copy of what `value` holds; from then on it holds that. Arrays are copied as they are,
  /// and changed in place: values that are put together elsewhere and then moved take twice as
  /// long.
  void own(Value& value) {
    switch (value.type()) {
      case Type::undefined:
      case Type::null:
      case Type::boolean:
      case Type::number:
        break;
      case Type::string:
        value.text_ = own_text({value.text_, value.size()}, strings_);
        strings_ += roomy_ ? room_for(value.size()) - value.size() : 0;
        break;
      case Type::array: {
        Value* const items = take(value.items_, value.size());
        value.items_ = items;
        for (std::size_t i = 0; i < value.size(); ++i) {
          own(items[i]);
        }
        break;
      }
      case Type::object: {
        Member* const members = take(value.members_, value.size());
        value.members_ = members;
        for (std::size_t i = 0; i < value.size(); ++i) {
          members[i].key = {own_text(members[i].key, keys_), members[i].key.size()};
          own(members[i].value);
        }
        break;
      }
    }
  }

  /// Where the next string would go.
  [[nodiscard]] const char* end() const { return strings_; }

 private:
  static const char* own_text(std::string_view text, char*& to) {
    char* const made = to;
    std::copy(text.begin(), text.end(), made);
    to += text.size();
    return made;
  }

  template <class T>
  T* take(const T* from, std::size_t count) {
    static_assert(sizeof(Value) % alignof(Member) == 0 && sizeof(Member) % alignof(Value) == 0);
    T* const to = static_cast<T*>(static_cast<void*>(nodes_));
    std::uninitialized_copy_n(from, count, to);
    nodes_ += count * sizeof(T);
    return to;
  }

  std::byte* nodes_;
  char* keys_;
  char* strings_;
  bool roomy_;
};

void OwnedValue::assign(const Value& value, const CopySize& size, const Origin& origin) {
  if (origin.keys != 0 && origin.keys == keys_ && memory_ != nullptr && update(value)) {
    return;
  }
  keys_ = origin.keys;
  if (memory_ != nullptr && size.bytes() < memory_bytes_ / 4) {
    memory_ = nullptr;
  }
  copy(value, size, keys_ != 0 ? spare_bytes : 0);
}

/// Leaves memory that is large enough as it is. `spare` bytes are free afterwards.
void OwnedValue::copy(const Value& value, const CopySize& size, std::size_t spare) {
  bytes_ = size.bytes();
  value_ = value;
  const bool roomy = keys_ != 0;
  const std::size_t room = roomy ? size.texts * room_for(0) : 0;
  const std::size_t needed = bytes_ + room + spare;
  if (needed == 0) {
    return;
  }
  if (memory_ == nullptr || needed > memory_bytes_) {
    memory_bytes_ = needed;
    memory_ = std::make_unique_for_overwrite<std::byte[]>(memory_bytes_);
  }
  char* const keys = reinterpret_cast<char*>(memory_.get()) + size.nodes;
  Copier copier(memory_.get(), keys, keys + size.keys, roomy);
  copier.own(value_);
  used_ = static_cast<std::size_t>(copier.end() - reinterpret_cast<char*>(memory_.get()));
}

/// Room for a string in the place of `before`.
char* OwnedValue::place_for(const Value& before, std::size_t bytes) {
  if (before.is_string() && room_for(bytes) <= room_for(before.size())) {
    return const_cast<char*>(before.text_);
  }
  if (room_for(bytes) > memory_bytes_ - used_) {
    const std::unique_ptr<std::byte[]> memory = std::move(memory_);
    copy(value_, copy_size(value_), room_for(bytes) + spare_bytes);
  }
  used_ += room_for(bytes);
  return reinterpret_cast<char*>(memory_.get()) + used_ - room_for(bytes);
}

void OwnedValue::set_member(std::size_t index, const Value& value) {
  check(value.items().empty() && value.members().empty(), "set_member() to what holds others");
  check(keys_ != 0 && index < value_.members().size(), "set_member() of a member that is there");
  Value made = value;
  if (value.is_string()) {
    const std::string_view text = value.as_string();
    char* const place = place_for(value_.members()[index].value, text.size());
    std::copy(text.begin(), text.end(), place);
    made = Value::string({place, text.size()});
  }
  Value& member = reinterpret_cast<Member*>(memory_.get())[index].value;
  bytes_ = bytes_ - copy_size(member).bytes() + copy_size(made).bytes();
  member = made;
}

namespace {

/// Whether two strings of `size` bytes differ in their first or their last Word.
template <class Word>
bool ends_differ(const char* a, const char* b, std::size_t size) {
  const auto word = [](const char* from) {
    Word read{};
    std::memcpy(&read, from, sizeof(Word));
    return read;
  };
  const std::size_t last = size - sizeof(Word);
  return word(a) != word(b) || word(a + last) != word(b + last);
}

/// a == b for texts of one size: to compare the few bytes of most costs less than a call.
bool is_same_text(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size > 2 * sizeof(std::uint64_t) || size < sizeof(std::uint16_t)) {
    return a == b;
  }
  if (size >= sizeof(std::uint64_t)) {
    return !ends_differ<std::uint64_t>(a.data(), b.data(), size);
  }
  return size >= sizeof(std::uint32_t) ? !ends_differ<std::uint32_t>(a.data(), b.data(), size)
                                       : !ends_differ<std::uint16_t>(a.data(), b.data(), size);
}

}  // namespace

/// Whether both are the same to the last bit, the order of members included.
bool OwnedValue::is_identical(const Value& a, const Value& b) {
  if (a.type_and_size_ != b.type_and_size_) {
    return false;
  }
  switch (a.type()) {
    case Type::undefined:
    case Type::null:
      return true;
    case Type::boolean:
      return a.boolean_ == b.boolean_;
    case Type::number:
      return std::bit_cast<std::uint64_t>(a.number_) == std::bit_cast<std::uint64_t>(b.number_);
    case Type::string:
      return is_same_text(a.as_string(), b.as_string());
    case Type::array:
      return std::ranges::equal(a.items(), b.items(), is_identical);
    case Type::object:
      return std::ranges::equal(a.members(), b.members(), [](const Member& x, const Member& y) {
        return x.key == y.key && is_identical(x.value, y.value);
      });
  }
  return false;
}

/// Writes what is different in `value`, which has the same keys. False where that cannot be done;
/// what has been written until then is as in `value`.
bool OwnedValue::update(const Value& value) {
  constexpr std::size_t cache_line = 64;
  for (std::size_t i = 0; i < used_; i += cache_line) {
    __builtin_prefetch(memory_.get() + i, 1);
  }
  const auto members = value.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Value& now = members[i].value;
    if (is_identical(value_.members()[i].value, now)) {
      continue;
    }
    if (now.is_array() || now.is_object()) {
      return false;
    }
    set_member(i, now);
  }
  return true;
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
  if (members.size() < 3) {
    return members.size() == 2 && members[0].key == members[1].key;
  }
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
