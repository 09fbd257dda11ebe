#include "core/base/json_writer.hpp"

#include "core/base/check.hpp"
#include "core/base/json_text.hpp"

namespace tapedeck {

void JsonWriter::break_line() {
  if (layout_ == Layout::indented) {
    out_ += '\n';
    out_.append(2 * levels_.size(), ' ');
  }
}

void JsonWriter::next_item() {
  if (!levels_.back().empty) {
    out_ += ',';
  }
  levels_.back().empty = false;
  break_line();
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!levels_.empty()) {
    check(!levels_.back().object, "a JSON member without a key");
    next_item();
  }
}

JsonWriter& JsonWriter::key(std::string_view name) {
  check(!levels_.empty() && levels_.back().object && !after_key_, "a JSON key outside an object");
  next_item();
  append_json_string(out_, name);
  out_ += layout_ == Layout::indented ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin(char bracket) {
  before_value();
  out_ += bracket;
  levels_.push_back({.object = bracket == '{'});
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  check(!levels_.empty() && levels_.back().object == (bracket == '}') && !after_key_,
        "a JSON end without its beginning");
  const bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty) {
    break_line();
  }
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  before_value();
  append_json_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  before_value();
  append_json_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

}  // namespace tapedeck
