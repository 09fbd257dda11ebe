// Naive references for core/sse, written straight from the standards and never meant to be fast:
// a stream as a whole in, everything at once out. They share no code with the product.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapedeck::test {

/// Encoding Standard, "UTF-8 decoder", with U+FFFD for each error.
inline std::u32string decode_utf8(std::string_view bytes) {
  std::u32string out;
  char32_t code_point = 0;
  int seen = 0;
  int needed = 0;
  unsigned lower = 0x80;
  unsigned upper = 0xbf;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (needed == 0) {
      ++i;
      if (byte <= 0x7f) {
        out += byte;
      } else if (byte >= 0xc2 && byte <= 0xdf) {
        needed = 1;
        code_point = byte & 0x1fU;
      } else if (byte >= 0xe0 && byte <= 0xef) {
        lower = byte == 0xe0 ? 0xa0 : 0x80;
        upper = byte == 0xed ? 0x9f : 0xbf;
        needed = 2;
        code_point = byte & 0xfU;
      } else if (byte >= 0xf0 && byte <= 0xf4) {
        lower = byte == 0xf0 ? 0x90 : 0x80;
        upper = byte == 0xf4 ? 0x8f : 0xbf;
        needed = 3;
        code_point = byte & 0x7U;
      } else {
        out += U'\ufffd';
      }
      continue;
    }
    const bool fits = byte >= lower && byte <= upper;
    lower = 0x80;
    upper = 0xbf;
    if (!fits) {
      needed = seen = 0;
      out += U'\ufffd';
      continue;  // the byte is looked at again
    }
    ++i;
    code_point = (code_point << 6U) | (byte & 0x3fU);
    if (++seen == needed) {
      needed = seen = 0;
      out += code_point;
    }
  }
  if (needed != 0) {
    out += U'\ufffd';
  }
  return out;
}

inline std::string encode_utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) {
    const auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0U | (c >> 6U));
      put(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
      put(0xe0U | (c >> 12U));
      put(0x80U | ((c >> 6U) & 0x3fU));
      put(0x80U | (c & 0x3fU));
    } else {
      put(0xf0U | (c >> 18U));
      put(0x80U | ((c >> 12U) & 0x3fU));
      put(0x80U | ((c >> 6U) & 0x3fU));
      put(0x80U | (c & 0x3fU));
    }
  }
  return out;
}

/// A line of text for a thing found: easy to compare, readable in a failure.
inline std::string message_text(std::string_view event, std::string_view data,
                                std::string_view last_event_id) {
  return "message <" + std::string(event) + "> <" + std::string(data) + "> <" +
         std::string(last_event_id) + ">";
}
inline std::string retry_text(std::uint64_t ms) {
  return "retry " + std::to_string(ms);
}

/// WHATWG HTML, 9.2.5 and 9.2.6: what a stream dispatches, in order, retry included.
class ReferenceParser {
 public:
  static std::vector<std::string> parse(std::string_view stream) {
    ReferenceParser parser;
    std::u32string text = decode_utf8(stream);
    if (!text.empty() && text.front() == U'\ufeff') {
      text.erase(0, 1);
    }
    std::u32string line;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != U'\n' && text[i] != U'\r') {
        line += text[i];
        continue;
      }
      if (text[i] == U'\r' && i + 1 < text.size() && text[i + 1] == U'\n') {
        ++i;
      }
      parser.take_line(line);
      line.clear();
    }
    return parser.found_;
  }

 private:
  void take_line(const std::u32string& line) {
    if (line.empty()) {
      dispatch();
      return;
    }
    const std::size_t colon = line.find(U':');
    if (colon == 0) {
      return;
    }
    if (colon == std::u32string::npos) {
      take_field(line, U"");
      return;
    }
    std::u32string value = line.substr(colon + 1);
    if (!value.empty() && value.front() == U' ') {
      value.erase(0, 1);
    }
    take_field(line.substr(0, colon), value);
  }

  void take_field(const std::u32string& name, const std::u32string& value) {
    if (name == U"event") {
      event_type_ = value;
    } else if (name == U"data") {
      data_ += value;
      data_ += U'\n';
    } else if (name == U"id") {
      if (value.find(U'\0') == std::u32string::npos) {
        last_event_id_ = value;
      }
    } else if (name == U"retry") {
      const bool digits =
          std::all_of(value.begin(), value.end(), [](char32_t c) { return c >= '0' && c <= '9'; });
      if (digits && !value.empty()) {
        found_.push_back(retry_text(to_number(value)));
      }
    }
  }

  void dispatch() {
    if (!data_.empty()) {
      data_.pop_back();
      found_.push_back(message_text(event_type_.empty() ? "message" : encode_utf8(event_type_),
                                    encode_utf8(data_), encode_utf8(last_event_id_)));
    }
    data_.clear();
    event_type_.clear();
  }

  /// Numbers past 64 bits become the largest one.
  static std::uint64_t to_number(const std::u32string& text) {
    std::string digits = encode_utf8(text);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    const std::string most = std::to_string(UINT64_MAX);
    const bool fits =
        digits.size() < most.size() || (digits.size() == most.size() && digits <= most);
    return fits ? std::stoull(digits) : UINT64_MAX;
  }

  std::u32string data_;
  std::u32string event_type_;
  std::u32string last_event_id_;
  std::vector<std::string> found_;
};

/// A block with its two flags that do not depend on the chunks, as text.
inline std::string block_text(std::string_view raw, bool complete) {
  return (complete ? "whole <" : "part <") + std::string(raw) + ">";
}

/// The rule of core/sse/frame_splitter.hpp, applied to the stream as a whole.
inline std::vector<std::string> reference_blocks(std::string_view stream, std::size_t size_max) {
  std::vector<std::string> blocks;
  const auto give = [&](std::string_view block, bool complete) {
    while (block.size() > size_max) {
      blocks.push_back(block_text(block.substr(0, size_max), false));
      block.remove_prefix(size_max);
    }
    blocks.push_back(block_text(block, complete));
  };
  std::size_t block = 0;       // where the current block starts
  bool lf_of_the_cut = false;  // the block before ended between a CR and its LF
  bool before_is_crlf = true;  // how the line before ended; so counts the start of the stream
  for (std::size_t line = 0; line < stream.size();) {
    const std::size_t end = stream.find_first_of("\r\n", line);
    if (end == std::string_view::npos) {
      break;
    }
    const std::string_view text = stream.substr(line, end - line);
    const bool blank = text.empty() || (line == 0 && text == "\xef\xbb\xbf");
    const bool crlf = stream.substr(end, 2) == "\r\n";
    const std::size_t next = end + (crlf ? 2 : 1);
    lf_of_the_cut = blank && crlf && !before_is_crlf;
    if (blank) {
      const std::size_t cut = lf_of_the_cut ? end + 1 : next;
      give(stream.substr(block, cut - block), true);
      block = cut;
    }
    before_is_crlf = crlf;
    line = next;
  }
  if (block < stream.size()) {
    give(stream.substr(block), lf_of_the_cut && block + 1 == stream.size());
  }
  return blocks;
}

}  // namespace tapedeck::test
