#include "core/event/plain_parser.hpp"

#include <string>

#include "core/event/decimal.hpp"
#include "core/event/json_escape.hpp"
#include "core/event/wtf8.hpp"

namespace tapedeck::event {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class PlainParser {
 public:
  PlainParser(std::string_view text, std::size_t depth_max, Tree& tree)
      : text_(text), depth_max_(depth_max), tree_(tree) {}

  Decoded parse() {
    Step step = Step::value;
    while (step != Step::end) {
      skip_whitespace();
      step = take(step);
      if (step == Step::fault) {
        return {outcome_, Value(), at_, {}};
      }
    }
    skip_whitespace();
    if (at_ != text_.size()) {
      return {Decoded::Outcome::not_json, Value(), at_, {}};
    }
    return {Decoded::Outcome::ok, tree_.take(), 0, {}};
  }

 private:
  /// What the text must bring next.
  enum class Step { value, value_or_bracket, key, key_or_brace, comma_or_close, end, fault };

  Step take(Step step) {
    switch (step) {
      case Step::value:
        return value();
      case Step::value_or_bracket:
        return peek() == ']' ? close() : value();
      case Step::key:
        return key();
      case Step::key_or_brace:
        return peek() == '}' ? close() : key();
      case Step::comma_or_close:
        return comma_or_close();
      case Step::end:
      case Step::fault:
        break;
    }
    return step;
  }

  /// The next byte; a NUL, which is never legal where this is asked, at the end.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_whitespace() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
      ++at_;
    }
  }

  [[nodiscard]] Step after_value() const {
    return open_.empty() ? Step::end : Step::comma_or_close;
  }

  Step value() {
    switch (peek()) {
      case '{':
      case '[':
        return open();
      case '"': {
        std::string_view text;
        if (!string(text)) {
          return Step::fault;
        }
        tree_.add(Value::string(text));
        return after_value();
      }
      case 't':
        return literal("true", Value::boolean(true));
      case 'f':
        return literal("false", Value::boolean(false));
      case 'n':
        return literal("null", Value::null());
      default:
        return number();
    }
  }

  Step open() {
    if (open_.size() == depth_max_) {
      outcome_ = Decoded::Outcome::too_deep;
      return Step::fault;
    }
    open_ += peek();
    ++at_;
    tree_.open();
    return open_.back() == '{' ? Step::key_or_brace : Step::value_or_bracket;
  }

  Step close() {
    ++at_;
    if (open_.back() == '{') {
      tree_.close_object();
    } else {
      tree_.close_array();
    }
    open_.pop_back();
    return after_value();
  }

  Step comma_or_close() {
    const bool in_object = open_.back() == '{';
    if (peek() == ',') {
      ++at_;
      return in_object ? Step::key : Step::value;
    }
    return peek() == (in_object ? '}' : ']') ? close() : Step::fault;
  }

  Step key() {
    std::string_view text;
    if (peek() != '"' || !string(text)) {
      return Step::fault;
    }
    skip_whitespace();
    if (peek() != ':') {
      return Step::fault;
    }
    ++at_;
    tree_.key(text);
    return Step::value;
  }

  Step literal(std::string_view word, const Value& value) {
    for (const char c : word) {
      if (peek() != c) {
        return Step::fault;
      }
      ++at_;
    }
    tree_.add(value);
    return after_value();
  }

  bool digits() {
    if (!is_digit(peek())) {
      return false;
    }
    while (is_digit(peek())) {
      ++at_;
    }
    return true;
  }

  Step number() {
    const std::size_t start = at_;
    if (peek() == '-') {
      ++at_;
    }
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return Step::fault;
    }
    if (peek() == '.') {
      ++at_;
      if (!digits()) {
        return Step::fault;
      }
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') {
        ++at_;
      }
      if (!digits()) {
        return Step::fault;
      }
    }
    const std::string_view text = text_.substr(start, at_ - start);
    tree_.add(Value::number(decimal_to_double(text)));
    return after_value();
  }

  /// Reads a string from its opening quote on; a view of the text where nothing is escaped.
  bool string(std::string_view& out) {
    const std::size_t start = ++at_;
    std::size_t plain = start;  // what is not yet in unescaped_ begins here
    unescaped_.clear();
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        const std::string_view rest = text_.substr(plain, at_ - plain);
        ++at_;
        if (plain == start) {
          out = rest;
          return true;
        }
        append_wtf8(unescaped_, rest);
        out = tree_.arena().copy(unescaped_);
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return false;
      }
      if (c != '\\') {
        ++at_;
        continue;
      }
      append_wtf8(unescaped_, text_.substr(plain, at_ - plain));
      ++at_;
      if (!take_escape(text_, at_, unescaped_)) {
        return false;
      }
      plain = at_;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_max_;
  Tree& tree_;
  std::string open_;       // the brackets and braces that are open
  std::string unescaped_;  // the string being read, as far as something was escaped in it
  Decoded::Outcome outcome_ = Decoded::Outcome::not_json;
};

}  // namespace

Decoded parse_plainly(std::string_view text, std::size_t depth_max, Tree& tree) {
  tree.clear();
  return PlainParser(text, depth_max, tree).parse();
}

}  // namespace tapedeck::event
