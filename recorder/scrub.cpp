#include "recorder/scrub.hpp"

#include <algorithm>
#include <vector>

#include "core/base/utf8.hpp"

namespace tapedeck::recorder {
namespace {

/// Stands for a byte of which nothing is known.
constexpr char unknown = 'x';

/// The data of a block, its lines joined, and where they stand in it.
class Data {
 public:
  explicit Data(std::string_view block) : block_(block) {}

  void add_line(std::size_t begin, std::size_t end) {
    const std::string_view line = block_.substr(begin, end - begin);
    if (lines_.empty()) {
      lines_.push_back({0, begin});
      first_ = line;
      return;
    }
    if (lines_.size() == 1) {
      joined_ = first_;
    }
    joined_ += '\n';
    lines_.push_back({joined_.size(), begin});
    joined_ += line;
  }

  [[nodiscard]] std::string_view text() const { return lines_.size() < 2 ? first_ : joined_; }

  /// Writes the placeholder over what stands there; the line ends in it stay.
  void replace(const SecretPlace& place, std::string& block) const {
    auto line = std::ranges::upper_bound(lines_, place.begin, {}, &Line::in_data) - 1;
    std::size_t ends = 0;
    for (auto next = line + 1; next != lines_.end() && next->in_data <= place.end; ++next) {
      ++ends;
    }
    const std::string text = fitted(place, place.end - place.begin - ends);
    std::size_t written = 0;
    for (std::size_t at = place.begin; written < text.size(); ++at) {
      while (line + 1 != lines_.end() && (line + 1)->in_data <= at) {
        ++line;
      }
      const bool line_end = line + 1 != lines_.end() && at + 1 == (line + 1)->in_data;
      if (!line_end) {
        block[line->in_block + (at - line->in_data)] = text[written++];
      }
    }
  }

 private:
  struct Line {
    std::size_t in_data = 0;
    std::size_t in_block = 0;
  };

  std::string_view block_;
  std::vector<Line> lines_;
  std::string_view first_;
  std::string joined_;  ///< where there is more than one line
};

void replace_known(std::string_view line, std::size_t from, bool torn, const Redactor& redactor,
                   std::string& block) {
  const Text what = line.starts_with(':') ? Text::prose : Text::value;
  for (const SecretPlace& place : redactor.find_in_text(line, what, torn)) {
    const std::size_t size = place.end - place.begin;
    block.replace(from + place.begin, size, fitted(place, size));
  }
}

}  // namespace

std::string fitted(const SecretPlace& place, std::size_t size) {
  const std::string& text = place.placeholder;
  const std::string digits = text.substr(text.find_last_not_of("0123456789") + 1);
  if (!place.number && size >= text.size()) {
    return text + std::string(size - text.size(), '-');
  }
  if (size <= digits.size()) {
    // Not a zero at the start of a number.
    std::string last = digits.substr(digits.size() - size);
    return place.number && size > 1 && last.front() == '0' ? '9' + last.substr(1) : last;
  }
  const std::string filling(size - digits.size(), place.number ? '0' : '-');
  return place.number ? '9' + filling.substr(1) + digits : filling + digits;
}

std::string scrubbed(std::string_view block, bool complete, Redactor& redactor) {
  std::string out(block);
  Data data(block);
  std::size_t at = block.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  while (at < block.size()) {
    const std::size_t end = std::min(block.find_first_of("\r\n", at), block.size());
    const std::string_view line = block.substr(at, end - at);
    if (line.starts_with("data:")) {
      data.add_line(at + (line.starts_with("data: ") ? 6 : 5), end);
    } else {
      replace_known(line, at, !complete && end == block.size(), redactor, out);
    }
    at = end + 1;
  }
  for (const SecretPlace& place : redactor.find_in_json(data.text(), !complete)) {
    data.replace(place, out);
  }
  return out;
}

Result<void> ScrubbingSink::accept(const port::Frame& frame) {
  port::Frame on_tape = frame;
  std::string raw;
  if (in_block_.contains(frame.connection_id)) {
    raw = frame.raw;
    std::ranges::replace_if(
        raw, [](char c) { return c != '\r' && c != '\n'; }, unknown);
  } else {
    raw = scrubbed(frame.raw, frame.complete, redactor_);
  }
  if (frame.complete) {
    in_block_.erase(frame.connection_id);
  } else {
    in_block_.insert(frame.connection_id);
  }
  on_tape.raw = raw;
  return to_.accept(on_tape);
}

Result<void> ScrubbingSink::close_connection(std::uint32_t connection_id, std::int64_t closed_ns,
                                             port::ConnectionEnd end, const std::string& detail) {
  in_block_.erase(connection_id);
  return to_.close_connection(connection_id, closed_ns, end, detail);
}

}  // namespace tapedeck::recorder
