// A value or an Error; the member names are those of std::expected, which C++20 lacks.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/base/check.hpp"

namespace tapedeck {

/// Who can mend an operating error: it decides the exit code of the command line.
enum class ErrorKind {
  usage,         ///< the caller asked for something that makes no sense (exit 2)
  input_output,  ///< a file, a socket or a node did not do its part (exit 3)
  damaged,       ///< a tape is not whole (exit 3, but for whom its wholeness is the question)
};

/// An operating error. `message` is one sentence without a trailing period or newline: what was
/// being done, to which thing, and what to try next. It never holds a secret.
struct Error {
  ErrorKind kind = ErrorKind::input_output;
  std::string message;
};

/// What a function returns in the place of a value when it failed; converts to any Result.
struct Failure {
  Error error;
};

[[nodiscard]] inline Failure fail(ErrorKind kind, std::string message) {
  return Failure{Error{kind, std::move(message)}};
}
[[nodiscard]] inline Failure fail_usage(std::string message) {
  return fail(ErrorKind::usage, std::move(message));
}
[[nodiscard]] inline Failure fail_io(std::string message) {
  return fail(ErrorKind::input_output, std::move(message));
}
[[nodiscard]] inline Failure fail_damaged(std::string message) {
  return fail(ErrorKind::damaged, std::move(message));
}
/// Passes an error on, e.g. `if (!r) return fail(r.error());`.
[[nodiscard]] inline Failure fail(Error error) {
  return Failure{std::move(error)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit on purpose, as in std::expected: `return value;` and `return fail_io("...");`.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}                  // NOLINT
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Aborts when there is no value.
  [[nodiscard]] T& value() & {
    check(has_value(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    check(has_value(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  /// By value, so that `for (auto& item : list().value())` loops over something that lives.
  [[nodiscard]] T value() && { return std::move(value()); }

  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T operator*() && { return std::move(value()); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  /// Aborts when there is a value.
  [[nodiscard]] const Error& error() const& {
    check(!has_value(), "error() of a successful Result");
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error error() && {
    check(!has_value(), "error() of a successful Result");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Failure failure) : error_(std::move(failure.error)), failed_(true) {}  // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Aborts when there is a value.
  [[nodiscard]] const Error& error() const& {
    check(failed_, "error() of a successful Result");
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace tapedeck
