#include "core/sse/message_parser.hpp"

#include <limits>

#include "core/base/check.hpp"
#include "core/base/utf8.hpp"

namespace tapedeck::sse {
namespace {

/// The value of `line` when its field is `name`: what follows the colon and one space, or nothing
/// at all. The length of the name is known when compiling, so that comparing is one instruction.
template <std::size_t size>
[[gnu::always_inline]] inline std::optional<std::string_view> value_of(std::string_view line,
                                                                       const char (&name)[size]) {
  constexpr std::size_t length = size - 1;
  if (!line.starts_with(std::string_view(name, length))) {
    return std::nullopt;
  }
  if (line.size() == length) {
    return std::string_view{};
  }
  if (line[length] != ':') {
    return std::nullopt;
  }
  const bool space = line.size() > length + 1 && line[length + 1] == ' ';
  return line.substr(length + (space ? 2 : 1));
}

/// The number when `text` is digits and nothing else; the largest one when it is too large.
std::optional<std::uint64_t> digits_only(std::string_view text) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    number = number > (most - digit) / 10 ? most : number * 10 + digit;
  }
  return number;
}

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

[[gnu::always_inline]] inline void MessageParser::Field::set(std::string_view text, bool ascii) {
  if (ascii || is_valid_utf8(text)) {
    borrowed_ = text;
    place_ = Place::borrowed;
    return;
  }
  kept_.clear();
  append_utf8_lossy(kept_, text);
  place_ = Place::kept;
}

void MessageParser::Field::append_line(std::string_view text) {
  keep();
  kept_ += '\n';
  append_utf8_lossy(kept_, text);
}

void MessageParser::Field::keep() {
  if (place_ == Place::borrowed) {
    kept_.assign(borrowed_);
    place_ = Place::kept;
  }
}

std::string_view MessageParser::Field::text() const {
  switch (place_) {
    case Place::none:
      return {};
    case Place::borrowed:
      return borrowed_;
    case Place::kept:
      return kept_;
  }
  return {};
}

[[gnu::always_inline]] inline void MessageParser::take_data(std::string_view value, bool ascii,
                                                            std::optional<Parsed>& found) {
  if (data_dropped_) {
    return;
  }
  const std::size_t size = data_.given() ? data_.text().size() + 1 : 0;
  if (size + value.size() > message_bytes_max_) {
    data_.clear();
    data_dropped_ = true;
    found.emplace().kind = Parsed::Kind::message_too_long;
  } else if (data_.given()) {
    data_.append_line(value);
  } else {
    data_.set(value, ascii);
  }
}

[[gnu::always_inline]] inline void MessageParser::take_field(std::string_view line, bool ascii,
                                                             std::optional<Parsed>& found) {
  if (const auto data = value_of(line, "data")) {
    take_data(*data, ascii, found);
  } else if (const auto event = value_of(line, "event")) {
    event_.set(*event, ascii);
  } else if (const auto id = value_of(line, "id")) {
    if (id->find('\0') == std::string_view::npos) {
      id_.set(*id, ascii);
    }
  } else if (const auto retry = value_of(line, "retry")) {
    if (const auto ms = digits_only(*retry)) {
      found = Parsed{.kind = Parsed::Kind::retry, .message = {}, .retry_ms = *ms};
    }
  }
}

[[gnu::always_inline]] inline void MessageParser::dispatch(std::optional<Parsed>& found) {
  if (id_.given()) {
    last_event_id_ = id_.text();
  }
  if (data_.given()) {
    const std::string_view name = event_.text();
    found.emplace().message = {.event = name.empty() ? "message" : name,
                               .data = data_.text(),
                               .last_event_id = last_event_id_};
  }
  event_.clear();
  data_.clear();
  data_dropped_ = false;
  id_.clear();
}

MessageParser::MessageParser(std::size_t line_bytes_max, std::size_t message_bytes_max)
    : line_bytes_max_(line_bytes_max), message_bytes_max_(message_bytes_max) {}

void MessageParser::push(std::string_view bytes) {
  check(rest_.empty(), "push before next() returned nothing");
  rest_ = bytes;
}

std::optional<Parsed> MessageParser::next() {
  std::optional<Parsed> found;
  while (!found && !rest_.empty()) {
    if (state_ == State::after_cr) {
      state_ = State::line;
      rest_.remove_prefix(rest_.front() == '\n' ? 1 : 0);
      continue;
    }
    // The blank line is the most frequent one, and needs no scan.
    const LineScan scan = is_line_end(rest_.front()) ? LineScan{} : scan_line_(rest_);
    const std::string_view part = rest_.substr(0, scan.length);
    const bool ended = scan.length < rest_.size();
    const State before = state_;
    if (ended) {
      state_ = rest_[scan.length] == '\r' ? State::after_cr : State::line;
    }
    rest_.remove_prefix(ended ? scan.length + 1 : scan.length);
    if (before == State::long_line) {
      continue;
    }
    if (scan.length > line_bytes_max_ - line_.size()) {
      line_.clear();
      state_ = ended ? state_ : State::long_line;
      found.emplace().kind = Parsed::Kind::line_too_long;
      break;
    }
    if (!ended) {
      line_ascii_ = scan.ascii && (line_.empty() || line_ascii_);
      line_.append(part);
      break;
    }
    std::string_view line = part;
    bool ascii = scan.ascii;
    if (!line_.empty()) {
      line_.append(part);
      whole_.swap(line_);
      line_.clear();
      line = whole_;
      ascii = ascii && line_ascii_;
    }
    if (before == State::first_line && line.starts_with(byte_order_mark)) {
      line.remove_prefix(byte_order_mark.size());
    }
    if (line.empty()) {
      dispatch(found);
    } else {
      take_field(line, ascii, found);
    }
  }
  if (!found) {
    event_.keep();
    data_.keep();
    id_.keep();
  }
  return found;
}

void MessageParser::reset(std::string_view last_event_id) {
  state_ = State::first_line;
  rest_ = {};
  line_.clear();
  event_.clear();
  data_.clear();
  data_dropped_ = false;
  id_.clear();
  last_event_id_.assign(last_event_id);
}

std::optional<MessageParser::Border> MessageParser::border() const {
  const bool is_unfinished = !rest_.empty() || !line_.empty() || event_.given() || data_.given() ||
                             id_.given() || data_dropped_;
  if (is_unfinished) {
    return std::nullopt;
  }
  switch (state_) {
    case State::first_line:
      return Border{Border::Place::stream_begin, last_event_id_};
    case State::line:
      return Border{Border::Place::line_begin, last_event_id_};
    case State::after_cr:
      return Border{Border::Place::after_cr, last_event_id_};
    case State::long_line:
      break;
  }
  return std::nullopt;
}

void MessageParser::resume(const Border& border) {
  reset(border.last_event_id);
  switch (border.place) {
    case Border::Place::stream_begin:
      state_ = State::first_line;
      break;
    case Border::Place::line_begin:
      state_ = State::line;
      break;
    case Border::Place::after_cr:
      state_ = State::after_cr;
      break;
  }
}

}  // namespace tapedeck::sse
