// JavaScript's Map: keys of any type, in the order in which they were first set.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/json_text.hpp"
#include "core/event/value.hpp"

namespace tapedeck::state {

/// A key of a JsMap. A string is its own key; other primitives carry a first byte that no string
/// has. An object is the same as no other, so it is never found again.
class JsKey {
 public:
  explicit JsKey(const event::Value& value) {
    switch (value.type()) {
      case event::Type::string:
        text_ = value.as_string();
        break;
      case event::Type::undefined:
        own_ = "\xffundefined";
        break;
      case event::Type::null:
      case event::Type::boolean:
      case event::Type::number:
        own_ = '\xff';
        event::append_json(own_, value);
        if (value.is_number() && own_ == "\xffnull") {
          own_ = value.as_number() < 0 ? "\xff-Infinity" : "\xffInfinity";
        }
        break;
      case event::Type::array:
      case event::Type::object:
        is_identity_ = true;
        break;
    }
  }
  explicit JsKey(std::string_view text) : text_(text) {}

  [[nodiscard]] bool is_identity() const { return is_identity_; }
  [[nodiscard]] std::string_view text() const { return own_.empty() ? text_ : own_; }

 private:
  std::string_view text_;
  std::string own_;
  bool is_identity_ = false;
};

template <class T>
class JsMap {
 public:
  JsMap() = default;
  JsMap(JsMap&&) noexcept = default;
  JsMap& operator=(JsMap&&) noexcept = default;
  ~JsMap() = default;

  /// What is found stays where it is until it is removed.
  [[nodiscard]] T* get(const JsKey& key) {
    const auto place = places_.find(key.text());
    return key.is_identity() || place == places_.end() ? nullptr : &*place->second;
  }
  [[nodiscard]] const T* get(const JsKey& key) const {
    const auto place = places_.find(key.text());
    return key.is_identity() || place == places_.end() ? nullptr : &*place->second;
  }

  /// A key that is there keeps its place.
  T& set(const JsKey& key, T value) {
    std::string text(key.text());
    if (key.is_identity()) {
      text = "\xffobject " + std::to_string(next_);
    }
    const auto [place, is_new] = places_.try_emplace(std::move(text), entries_.end());
    if (!is_new) {
      return *place->second = std::move(value);
    }
    ++next_;
    place->second = entries_.insert(entries_.end(), std::move(value));
    return entries_.back();
  }

  bool remove(const JsKey& key) {
    const auto place = places_.find(key.text());
    if (key.is_identity() || place == places_.end()) {
      return false;
    }
    entries_.erase(place->second);
    places_.erase(place);
    return true;
  }

  void clear() {
    entries_.clear();
    places_.clear();
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// Calls `each(const T&)` in order.
  template <class Each>
  void for_each(Each each) const {
    for (const T& value : entries_) {
      each(value);
    }
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::list<T> entries_;  // in the order of first setting
  std::unordered_map<std::string, typename std::list<T>::iterator, Hash, std::equal_to<>> places_;
  std::uint64_t next_ = 0;
};

}  // namespace tapedeck::state
