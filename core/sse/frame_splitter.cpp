#include "core/sse/frame_splitter.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/base/utf8.hpp"

namespace tapedeck::sse {
namespace {

/// Whether the first line of the stream, given in two parts, is blank but for a byte order mark.
bool is_blank(std::string_view head, std::string_view tail) {
  const std::size_t size = head.size() + tail.size();
  return size == 0 || (size == byte_order_mark.size() && byte_order_mark.starts_with(head) &&
                       byte_order_mark.ends_with(tail));
}

}  // namespace

FrameSplitter::FrameSplitter(std::size_t block_bytes_max) : block_bytes_max_(block_bytes_max) {
  check(block_bytes_max > byte_order_mark.size(), "a block limit below 4 bytes");
}

void FrameSplitter::push(std::string_view bytes) {
  check(rest_.empty(), "push before next() returned nothing");
  rest_ = bytes;
}

std::optional<Block> FrameSplitter::next() {
  const std::size_t room = block_bytes_max_ - held_.size();
  if (const auto size = advance(rest_.substr(0, room))) {
    return take(*size, true);
  }
  if (rest_.size() > room) {
    const bool ended = state_ == State::after_blank_cr && rest_[room] != '\n';
    if (ended) {
      state_ = State::line_start;
    } else if (state_ == State::first_line) {
      state_ = State::in_line;  // too long to be a mark
    }
    return take(room, ended);
  }
  held_.append(rest_);
  rest_ = {};
  return std::nullopt;
}

std::optional<Block> FrameSplitter::finish() {
  check(rest_.empty(), "finish before next() returned nothing");
  const bool complete = state_ == State::after_blank_cr || state_ == State::block_start_crlf;
  state_ = State::first_line;
  if (held_.empty()) {
    return std::nullopt;
  }
  return take(0, complete);
}

Block FrameSplitter::take(std::size_t size, bool complete) {
  const std::string_view part = rest_.substr(0, size);
  rest_.remove_prefix(size);
  if (held_.empty()) {
    return {part, complete, false};
  }
  held_.append(part);
  given_.swap(held_);
  held_.clear();
  return {given_, complete, part.empty() && !rest_.empty()};
}

std::optional<std::size_t> FrameSplitter::advance(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const bool lf = bytes[i] == '\n';
    const bool cr = bytes[i] == '\r';
    switch (state_) {
      case State::first_line:
      case State::in_line: {
        i += scan_line_(bytes.substr(i)).length;
        if (i == bytes.size()) {
          return std::nullopt;
        }
        const bool blank = state_ == State::first_line && is_blank(held_, bytes.substr(0, i));
        if (bytes[i++] == '\n') {
          state_ = State::line_start;
          if (blank) {
            return i;
          }
        } else {
          state_ = blank ? State::after_blank_cr : State::after_cr;
        }
        break;
      }
      case State::after_cr:
      case State::block_start_after_cr:
        if (!lf) {
          state_ = State::line_start;
          break;
        }
        state_ = state_ == State::after_cr ? State::line_start_crlf : State::block_start_crlf;
        ++i;
        break;
      case State::line_start:
      case State::line_start_crlf:
      case State::block_start_crlf:
        if (lf) {
          state_ = State::line_start;
          return i + 1;
        }
        if (!cr) {
          state_ = State::in_line;
          break;
        }
        ++i;
        if (state_ == State::line_start) {
          state_ = State::block_start_after_cr;
          return i;
        }
        state_ = State::after_blank_cr;
        break;
      case State::after_blank_cr:
        state_ = lf ? State::line_start_crlf : State::line_start;
        return lf ? i + 1 : i;
    }
  }
  return std::nullopt;
}

}  // namespace tapedeck::sse
