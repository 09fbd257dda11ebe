// Puts a Value together from the inside out, in the order in which JSON text brings its parts.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/event/value.hpp"

namespace tapedeck::event {

/// Keys and strings handed in are borrowed; arrays and objects are made in the arena.
class Tree {
 public:
  explicit Tree(Arena& arena) : arena_(arena) {}

  [[nodiscard]] Arena& arena() { return arena_; }

  /// Forgets what is unfinished.
  void clear() {
    pending_.clear();
    open_.clear();
    key_ = {};
  }

  /// Arrays and objects that are open.
  [[nodiscard]] std::size_t depth() const { return open_.size(); }

  void open() {
    open_.push_back({pending_.size(), key_});
    key_ = {};
  }

  /// Names the value that comes next.
  void key(std::string_view key) { key_ = key; }

  void add(const Value& value) { pending_.push_back({key_, value}); }

  void close_array() {
    const auto from = close();
    Value* items = arena_.allocate<Value>(pending_.size() - from);
    for (std::size_t i = from; i < pending_.size(); ++i) {
      std::construct_at(items + (i - from), pending_[i].value);
    }
    replace(from, Value::array({items, pending_.size() - from}));
  }

  void close_object() {
    const auto from = close();
    pending_.resize(from + normalize_members(std::span(pending_).subspan(from)));
    replace(from, Value::object(arena_.copy(std::span<const Member>(pending_).subspan(from))));
  }

  /// The value, when everything opened has been closed.
  [[nodiscard]] Value take() {
    const Value made = pending_.back().value;
    clear();
    return made;
  }

 private:
  struct Open {
    std::size_t from;      // its first part in pending_
    std::string_view key;  // its own key in the object around it
  };

  std::size_t close() {
    const Open last = open_.back();
    open_.pop_back();
    key_ = last.key;
    return last.from;
  }

  void replace(std::size_t from, const Value& made) {
    pending_.resize(from);
    add(made);
  }

  Arena& arena_;
  std::vector<Member> pending_;
  std::vector<Open> open_;
  std::string_view key_;
};

}  // namespace tapedeck::event
