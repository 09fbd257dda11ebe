// A JSON value as JavaScript sees it: `undefined` beside null, numbers as doubles, the keys of an
// object in JavaScript's order.
//
// A Value is a handle of 16 bytes that owns nothing: its strings, items and members lie in an
// Arena, in an OwnedValue, or with the Decoder that made it, and must outlive it. Immutable, so it
// may be read from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/check.hpp"

namespace tapedeck::event {

enum class Type : std::uint8_t { undefined, null, boolean, number, string, array, object };

struct Member;

class Value {
 public:
  /// `undefined`: what JavaScript gives for a member that is not there.
  constexpr Value() = default;

  [[nodiscard]] static constexpr Value null() { return Value(Type::null); }
  [[nodiscard]] static constexpr Value boolean(bool value) { return Value(value); }
  [[nodiscard]] static constexpr Value number(double value) { return Value(value); }
  /// UTF-8; a lone surrogate, which JavaScript's strings may hold, stands as its three-byte form
  /// (WTF-8, see wtf8.hpp).
  [[nodiscard]] static Value string(std::string_view text) {
    return {text.data(), checked_size(text.size())};
  }
  [[nodiscard]] static Value array(std::span<const Value> items);
  /// The keys differ and are in JavaScript's order; ObjectBuilder sees to that.
  [[nodiscard]] static Value object(std::span<const Member> members);

  [[nodiscard]] constexpr Type type() const {
    return static_cast<Type>(type_and_size_ >> type_shift);
  }
  [[nodiscard]] constexpr bool is(Type type) const { return this->type() == type; }
  [[nodiscard]] constexpr bool is_undefined() const { return is(Type::undefined); }
  [[nodiscard]] constexpr bool is_null() const { return is(Type::null); }
  /// null or undefined: what `??` and `?.` ask.
  [[nodiscard]] constexpr bool is_nullish() const { return is_undefined() || is_null(); }
  [[nodiscard]] constexpr bool is_boolean() const { return is(Type::boolean); }
  [[nodiscard]] constexpr bool is_number() const { return is(Type::number); }
  [[nodiscard]] constexpr bool is_string() const { return is(Type::string); }
  [[nodiscard]] constexpr bool is_array() const { return is(Type::array); }
  [[nodiscard]] constexpr bool is_object() const { return is(Type::object); }

  // Each of these aborts on a value of another type.
  [[nodiscard]] bool as_boolean() const {
    check(is_boolean(), "as_boolean() of a value of another type");
    return boolean_;
  }
  [[nodiscard]] double as_number() const {
    check(is_number(), "as_number() of a value of another type");
    return number_;
  }
  [[nodiscard]] std::string_view as_string() const {
    check(is_string(), "as_string() of a value of another type");
    return {text_, size()};
  }

  /// What an array holds; nothing for a value of another type.
  [[nodiscard]] std::span<const Value> items() const;
  /// What an object holds; nothing for a value of another type.
  [[nodiscard]] std::span<const Member> members() const;

  /// An object's own member; undefined where there is none or the value is no object.
  [[nodiscard]] Value operator[](std::string_view key) const;
  /// An object's own member, or null where there is none: tells `undefined` from missing.
  [[nodiscard]] const Value* find(std::string_view key) const;

  [[nodiscard]] constexpr bool is_text(std::string_view text) const {
    return is_string() && std::string_view(text_, size()) == text;
  }

 private:
  friend class OwnedValue;

  static constexpr unsigned type_shift = 32;

  explicit constexpr Value(Type type, std::uint32_t size = 0)
      : type_and_size_((static_cast<std::uint64_t>(type) << type_shift) | size) {}
  explicit constexpr Value(bool value) : Value(Type::boolean) { boolean_ = value; }
  explicit constexpr Value(double value) : Value(Type::number) { number_ = value; }
  constexpr Value(const char* text, std::uint32_t size) : Value(Type::string, size) {
    text_ = text;
  }

  [[nodiscard]] constexpr std::uint32_t size() const {
    return static_cast<std::uint32_t>(type_and_size_);
  }

  static std::uint32_t checked_size(std::size_t size) {
    check(size <= std::numeric_limits<std::uint32_t>::max(), "a value of more than 4 GiB");
    return static_cast<std::uint32_t>(size);
  }

  union {
    double number_ = 0;
    bool boolean_;
    const char* text_;
    const Value* items_;
    const Member* members_;
  };
  // One word, so that it is written and read at once: a processor that finds what it reads in
  // several writes waits for all of them.
  std::uint64_t type_and_size_ = static_cast<std::uint64_t>(Type::undefined) << type_shift;
};

struct Member {
  std::string_view key;
  Value value;
};

inline std::span<const Value> Value::items() const {
  return is_array() ? std::span(items_, size()) : std::span<const Value>{};
}

inline std::span<const Member> Value::members() const {
  return is_object() ? std::span(members_, size()) : std::span<const Member>{};
}

/// Deep equality: numbers by value, the members of objects in any order, as
/// util.isDeepStrictEqual of Node compares what JSON.parse gives.
[[nodiscard]] bool operator==(const Value& a, const Value& b);

/// Memory for values. What is put in stays where it is until `clear` or the end of the arena.
/// Not thread-safe.
class Arena {
 public:
  Arena() = default;
  /// Starts with one block of `bytes`.
  explicit Arena(std::size_t bytes) { add_block(bytes); }

  /// Room for `count` of T, not initialised.
  template <class T>
  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(static_cast<void*>(take(count * sizeof(T), alignof(T))));
  }

  [[nodiscard]] std::string_view copy(std::string_view text);
  [[nodiscard]] std::span<const Value> copy(std::span<const Value> items);
  [[nodiscard]] std::span<const Member> copy(std::span<const Member> members);

  /// Everything put in is gone; the last block is kept for what comes next.
  void clear();

  /// What it takes, used or not.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  std::byte* take(std::size_t bytes, std::size_t alignment);
  void add_block(std::size_t size);

  std::vector<Block> blocks_;  // the last one is the one in use
  std::size_t used_ = 0;       // of the last block
};

/// What a deep copy takes.
struct CopySize {
  std::size_t nodes = 0;    ///< bytes of items and members
  std::size_t keys = 0;     ///< bytes
  std::size_t strings = 0;  ///< bytes, keys aside
  std::size_t texts = 0;    ///< how many strings there are, keys aside

  [[nodiscard]] std::size_t bytes() const { return nodes + keys + strings; }
};
[[nodiscard]] CopySize copy_size_of_parts(const Value& value);
[[nodiscard]] inline CopySize copy_size(const Value& value) {
  if (value.is_string()) {
    return {0, 0, value.as_string().size(), 1};
  }
  return value.is_array() || value.is_object() ? copy_size_of_parts(value) : CopySize{};
}

/// How a value came out of its text: for who keeps it, and changes it as the text changes.
struct Origin {
  /// The text, or the copy of it, in which keys and strings lie; those with escapes do not.
  std::string_view text;
  /// Of an object whose members, a few or more, stand in the order of the text, no two of one key
  /// and no key with an escape: the same number where the same keys stand in the same order, for
  /// all decoders of this process. Else 0.
  std::uint64_t keys = 0;
  CopySize size;  ///< copy_size() of the value, unless `keys` is 0
};

/// A value that owns all it holds.
class OwnedValue {
 public:
  /// `undefined`.
  OwnedValue() = default;
  /// A deep copy.
  explicit OwnedValue(const Value& value) { assign(value, copy_size(value)); }

  [[nodiscard]] const Value& operator*() const { return value_; }
  [[nodiscard]] const Value* operator->() const { return &value_; }

  /// A deep copy of `value` takes the place of what was held, in the same memory where there is
  /// room. `value` shares nothing with what was held; `size` is its copy_size(). Where the same
  /// keys were held in the same order, only what differs is written.
  void assign(const Value& value, const CopySize& size, const Origin& origin = {});

  /// The member `index` of the object that is held becomes `value`, which is no array and no
  /// object. Only where its Origin had `keys`.
  void set_member(std::size_t index, const Value& value);

  /// What a copy of it takes, whatever it was made from.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  class Copier;

  [[nodiscard]] static bool is_identical(const Value& a, const Value& b);
  void copy(const Value& value, const CopySize& size, std::size_t spare);
  [[nodiscard]] bool update(const Value& value);
  [[nodiscard]] char* place_for(const Value& before, std::size_t bytes);

  std::unique_ptr<std::byte[]> memory_;
  std::size_t memory_bytes_ = 0;
  std::size_t used_ = 0;  // of the memory
  std::size_t bytes_ = 0;
  std::uint64_t keys_ = 0;  // of the origin
  Value value_;
};

/// Puts an object together as JavaScript does: array indices first and ascending, then the other
/// keys in the order in which they came; a key that comes again changes the value where it stands.
class ObjectBuilder {
 public:
  /// `key` and what `value` holds are borrowed.
  void set(std::string_view key, const Value& value) { members_.push_back({key, value}); }

  /// The object, its members in `arena`; the builder is empty afterwards.
  [[nodiscard]] Value build(Arena& arena);

 private:
  std::vector<Member> members_;
};

/// Brings `members`, in the order in which they came, to JavaScript's order and rule for duplicate
/// keys. Returns how many are left: the first ones.
[[nodiscard]] std::size_t normalize_members(std::span<Member> members);

struct JsonStyle {
  /// Members of this name are left out, at any depth; none when empty.
  std::string_view without{};
};

/// Appends what JSON.stringify writes: members that are undefined are left out, undefined items are
/// null. An undefined `value` itself becomes null.
void append_json(std::string& out, const Value& value, const JsonStyle& style = {});

}  // namespace tapedeck::event
