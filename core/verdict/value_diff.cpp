#include "core/verdict/value_diff.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/json_text.hpp"
#include "core/verdict/json_pointer.hpp"

namespace tapedeck::verdict {
namespace {

using event::Arena;
using event::Member;
using event::Value;

/// The members that JSON has, by key.
std::vector<const Member*> by_key(const Value& object) {
  std::vector<const Member*> members;
  for (const Member& member : object.members()) {
    if (!member.value.is_undefined()) {
      members.push_back(&member);
    }
  }
  std::ranges::sort(members, {}, &Member::key);
  return members;
}

class Comparison {
 public:
  explicit Comparison(const std::function<bool(const Difference&)>& report) : report_(report) {}

  void values(const Value& a, const Value& b) {
    if (stopped_) {
      return;
    }
    if (a.is_object() && b.is_object()) {
      objects(a, b);
    } else if (a.is_array() && b.is_array()) {
      arrays(a.items(), b.items());
    } else if (!(a == b)) {
      found(a, b);
    }
  }

 private:
  void found(const Value& a, const Value& b) {
    if (!stopped_) {
      stopped_ = !report_({pointer_, a, b});
    }
  }

  void objects(const Value& a, const Value& b) {
    const auto left = by_key(a);
    const auto right = by_key(b);
    auto l = left.begin();
    auto r = right.begin();
    while (l != left.end() || r != right.end()) {
      const bool in_left = r == right.end() || (l != left.end() && (*l)->key <= (*r)->key);
      const bool in_right = l == left.end() || (r != right.end() && (*r)->key <= (*l)->key);
      const PointerStep step(pointer_, in_left ? (*l)->key : (*r)->key);
      values(in_left ? (*l)->value : Value(), in_right ? (*r)->value : Value());
      l += in_left ? 1 : 0;
      r += in_right ? 1 : 0;
    }
  }

  void arrays(std::span<const Value> a, std::span<const Value> b) {
    std::size_t front = 0;
    std::size_t back = 0;
    if (a.size() != b.size()) {  // something came or went
      while (front < a.size() && front < b.size() && a[front] == b[front]) {
        ++front;
      }
      while (back < a.size() - front && back < b.size() - front &&
             a[a.size() - 1 - back] == b[b.size() - 1 - back]) {
        ++back;
      }
    }
    const std::size_t a_end = a.size() - back;
    const std::size_t b_end = b.size() - back;
    const std::size_t paired = std::min(a_end, b_end);
    for (std::size_t i = front; i < paired; ++i) {
      item(i, a[i], b[i]);
    }
    for (std::size_t i = a_end; i > paired; --i) {  // from the end: an index names what it named
      item(i - 1, a[i - 1], Value());
    }
    for (std::size_t i = paired; i < b_end; ++i) {
      item(i, Value(), b[i]);
    }
  }

  void item(std::size_t index, const Value& a, const Value& b) {
    const PointerStep step(pointer_, index);
    values(a, b);
  }

  const std::function<bool(const Difference&)>& report_;
  std::string pointer_;
  bool stopped_ = false;
};

/// One operation of a patch on its way to its place.
class Edit {
 public:
  Edit(std::span<const std::string> path, const Value& value, bool add, Arena& arena)
      : path_(path), value_(value), add_(add), arena_(arena) {}

  /// `document` with the operation carried out; nothing where its path leads nowhere.
  std::optional<Value> in(const Value& document) { return at(document, 0); }

 private:
  std::optional<Value> at(const Value& here, std::size_t depth) {
    if (depth == path_.size()) {
      return value_;  // the document itself
    }
    if (here.is_object()) {
      return in_object(here, depth);
    }
    return here.is_array() ? in_array(here.items(), depth) : std::nullopt;
  }

  std::optional<Value> in_object(const Value& here, std::size_t depth) {
    const std::string& key = path_[depth];
    const bool last = depth + 1 == path_.size();
    const Value* const old = here.find(key);
    if (old == nullptr && !(last && add_)) {
      return std::nullopt;
    }
    const auto changed = last ? std::optional(value_) : at(*old, depth + 1);
    if (!changed) {
      return std::nullopt;
    }
    std::vector<Member> members;
    for (const Member& member : here.members()) {
      if (member.key != key) {
        members.push_back(member);
      } else if (!changed->is_undefined()) {
        members.push_back({member.key, *changed});
      }
    }
    if (old == nullptr) {
      members.push_back({arena_.copy(key), *changed});
    }
    return Value::object(arena_.copy(std::span<const Member>(members)));
  }

  std::optional<Value> in_array(std::span<const Value> items, std::size_t depth) {
    const std::string& key = path_[depth];
    const bool last = depth + 1 == path_.size();
    const auto index = index_of(key);
    if (!index || *index >= items.size() + (last && add_ ? 1 : 0)) {
      return std::nullopt;
    }
    const auto place = static_cast<std::ptrdiff_t>(*index);
    std::vector<Value> made(items.begin(), items.end());
    if (last && add_) {
      made.insert(made.begin() + place, value_);
    } else if (last && value_.is_undefined()) {
      made.erase(made.begin() + place);
    } else {
      const auto changed = last ? std::optional(value_) : at(items[*index], depth + 1);
      if (!changed) {
        return std::nullopt;
      }
      made[*index] = *changed;
    }
    return Value::array(arena_.copy(std::span<const Value>(made)));
  }

  std::span<const std::string> path_;
  Value value_;  // undefined: take away what is there
  bool add_;
  Arena& arena_;
};

Failure misfit(const Value& operation, std::string_view why) {
  std::string text;
  append_json(text, operation);
  return fail_io("the change " + text + ' ' + std::string(why));
}

}  // namespace

void compare(const Value& a, const Value& b, const std::function<bool(const Difference&)>& report) {
  Comparison(report).values(a, b);
}

void append_patch_operation(std::string& out, const Difference& difference) {
  out += difference.a.is_undefined()   ? R"({"op":"add","path":)"
         : difference.b.is_undefined() ? R"({"op":"remove","path":)"
                                       : R"({"op":"replace","path":)";
  append_json_string(out, difference.pointer);
  if (!difference.b.is_undefined()) {
    out += R"(,"value":)";
    append_json(out, difference.b);
  }
  out += '}';
}

Result<Value> apply_patch(const Value& document, const Value& patch, Arena& arena) {
  Value made = document;
  for (const Value& operation : patch.items()) {
    const Value op = operation["op"];
    const Value path = operation["path"];
    const bool remove = op.is_text("remove");
    if (!(remove || op.is_text("add") || op.is_text("replace")) || !path.is_string()) {
      return misfit(operation, "is no operation with an op of add, remove or replace and a path");
    }
    if (!remove && operation.find("value") == nullptr) {
      return misfit(operation, "has no value");
    }
    const auto keys = keys_of(path.as_string());
    if (!keys || (remove && keys->empty())) {
      return misfit(operation, "has a path that is no JSON Pointer to a part of the state");
    }
    const Value value = remove ? Value() : operation["value"];
    const auto changed = Edit(*keys, value, op.is_text("add"), arena).in(made);
    if (!changed) {
      return misfit(operation, "does not fit the state before it");
    }
    made = *changed;
  }
  return made;
}

}  // namespace tapedeck::verdict
