// Where two JSON values differ, as JSON Pointers and as a JSON Patch (RFC 6902).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/event/value.hpp"

namespace tapedeck::verdict {

/// One place. A side that is undefined has nothing there.
struct Difference {
  std::string pointer;
  event::Value a;
  event::Value b;
};

/// Calls `report` for each place where `a` and `b` differ, as deep as it goes, until it returns
/// false. Members come in the order of their keys. Of two arrays what is equal at both ends is
/// taken off, so that an item that came or went is one difference. In their order the differences
/// are a patch that makes `a` into `b`.
void compare(const event::Value& a, const event::Value& b,
             const std::function<bool(const Difference&)>& report);

/// A difference as an operation of JSON Patch: {"op","path","value"}.
void append_patch_operation(std::string& out, const Difference& difference);

/// `document` with the operations of `patch`, an array of add, remove and replace, carried out. The
/// result borrows from `document`, from `patch` and from `arena`. A patch that does not fit is an
/// error that says which operation and why.
[[nodiscard]] Result<event::Value> apply_patch(const event::Value& document,
                                               const event::Value& patch, event::Arena& arena);

}  // namespace tapedeck::verdict
