#include "recorder/proxy_message.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/limits.hpp"
#include "core/base/percent.hpp"
#include "core/base/units.hpp"
#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

Result<Header> parse_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || name.empty() ||
      !std::ranges::all_of(name, is_token_char)) {
    return fail_io("a header line has no name, or one that is none");
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; })) {
    return fail_io("a header value holds a control character");
  }
  return Header{std::string(name), std::string(value)};
}

/// `text` ends with an empty line.
Result<MessageHead> parse_head(std::string_view text) {
  MessageHead head;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    if (head.start_line.empty()) {
      head.start_line = line;
    } else if (!line.empty()) {
      auto field = parse_field(line);
      if (!field) {
        return fail(field.error());
      }
      head.fields.push_back(*std::move(field));
    }
  }
  return head;
}

bool is_version(std::string_view text) {
  return text == "HTTP/1.1" || text == "HTTP/1.0";
}

}  // namespace

std::string MessageHead::value(std::string_view name) const {
  std::string all;
  for (const Header& field : fields) {
    if (iequals(field.name, name)) {
      all += (all.empty() ? "" : ", ") + field.value;
    }
  }
  return all;
}

void MessageHead::erase(std::string_view name) {
  std::erase_if(fields, [&](const Header& field) { return iequals(field.name, name); });
}

void MessageHead::set(std::string_view name, std::string value) {
  const auto named = [&](const Header& field) { return iequals(field.name, name); };
  const auto first = std::ranges::find_if(fields, named);
  if (first == fields.end()) {
    fields.push_back({std::string(name), std::move(value)});
    return;
  }
  first->value = std::move(value);
  fields.erase(std::remove_if(first + 1, fields.end(), named), fields.end());
}

std::string MessageHead::text() const {
  std::string text = start_line + "\r\n";
  for (const Header& field : fields) {
    text += field.name + ": " + field.value + "\r\n";
  }
  return text + "\r\n";
}

Result<RequestLine> parse_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) {
    return fail_io("the request line is none of HTTP/1");
  }
  RequestLine request{.method = std::string(line.substr(0, first)),
                      .target = std::string(line.substr(first + 1, last - first - 1)),
                      .version = std::string(line.substr(last + 1))};
  const bool fits = !request.method.empty() && std::ranges::all_of(request.method, is_token_char) &&
                    std::ranges::none_of(request.target, is_control);
  if (!fits || !is_version(request.version)) {
    return fail_io("the request line is none of HTTP/1");
  }
  return request;
}

Result<unsigned> parse_status_line(std::string_view line) {
  constexpr std::size_t version_bytes = 8;
  const std::string_view digits = line.substr(std::min(version_bytes + 1, line.size()), 3);
  unsigned status = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  const std::string_view rest = line.substr(std::min(version_bytes + 4, line.size()));
  if (!is_version(line.substr(0, version_bytes)) || !line.substr(version_bytes).starts_with(' ') ||
      parsed.ptr != digits.data() + 3 || status < 100 || !(rest.empty() || rest.front() == ' ')) {
    return fail_io("the status line is none of HTTP/1");
  }
  return status;
}

Result<std::optional<MessageHead>> HeadReader::take(std::string_view& bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    text_ += bytes.substr(0, end);
    bytes.remove_prefix(end);
    if (text_.size() > limits::http_head_bytes_max) {
      return fail_io("the header is larger than " + format_bytes(limits::http_head_bytes_max));
    }
    if (text_ == "\n" || text_ == "\r\n") {
      text_.clear();  // RFC 9112, section 2.2: an empty line before a request means nothing
    } else if (text_.ends_with("\n\n") || text_.ends_with("\n\r\n")) {
      auto head = parse_head(text_);
      text_.clear();
      if (!head) {
        return fail(head.error());
      }
      return std::optional(*std::move(head));
    }
  }
  return std::optional<MessageHead>();
}

Result<std::optional<BodyReader>> BodyReader::framed(const MessageHead& head) {
  const std::string coding = lower(head.value("Transfer-Encoding"));
  const std::string length = head.value("Content-Length");
  if (!coding.empty()) {
    if (coding != "chunked" || !length.empty()) {
      return fail_io("it is framed in a way that can be understood differently");
    }
    return std::optional(BodyReader(State::size));
  }
  if (length.empty()) {
    return std::optional<BodyReader>();
  }
  std::uint64_t bytes = 0;
  const char* const end = length.data() + length.size();
  if (const auto parsed = std::from_chars(length.data(), end, bytes);
      parsed.ptr != end || parsed.ec != std::errc()) {
    return fail_io("its Content-Length is not a number");
  }
  return std::optional(BodyReader(bytes == 0 ? State::done : State::length, bytes));
}

Result<BodyReader> BodyReader::of_request(const MessageHead& head) {
  auto reader = framed(head);
  if (!reader) {
    return fail(reader.error());
  }
  return reader->value_or(BodyReader(State::done));
}

Result<BodyReader> BodyReader::of_response(const MessageHead& head, unsigned status,
                                           std::string_view method) {
  if (method == "HEAD" || status == 204 || status == 304) {
    return BodyReader(State::done);
  }
  auto reader = framed(head);
  if (!reader) {
    return fail(reader.error());
  }
  return reader->value_or(BodyReader(State::until_close));
}

Result<void> BodyReader::take(std::string_view& bytes, std::string& content) {
  while (!bytes.empty() && !done()) {
    if (state_ == State::until_close) {
      content += bytes;
      bytes = {};
    } else if (state_ == State::length || state_ == State::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      content += bytes.substr(0, count);
      bytes.remove_prefix(count);
      left_ -= count;
      if (left_ == 0) {
        state_ = state_ == State::length ? State::done : State::data_end;
      }
    } else {
      const char c = bytes.front();
      bytes.remove_prefix(1);
      if (auto stepped = step(c); !stepped) {
        return stepped;
      }
    }
  }
  return {};
}

void BodyReader::begin_data() {
  state_ = left_ == 0 ? State::trailer : State::data;
  line_bytes_ = 0;
}

/// One byte of chunk framing.
Result<void> BodyReader::step(char c) {
  const Failure wrong = fail_io("its chunks are framed wrongly");
  if (++line_bytes_ > limits::http_head_bytes_max) {
    return wrong;
  }
  if (state_ == State::size) {
    if (const int digit = hex_value(c); digit >= 0) {
      if (left_ > std::numeric_limits<std::uint64_t>::max() / 16) {
        return wrong;
      }
      left_ = left_ * 16 + static_cast<unsigned>(digit);
    } else if (line_bytes_ > 1 && c == '\n') {
      begin_data();
    } else if (line_bytes_ > 1 && c == '\r') {
      state_ = State::size_end;
    } else if (line_bytes_ > 1 && std::string_view("; \t").find(c) != std::string_view::npos) {
      state_ = State::extension;
    } else {
      return wrong;
    }
  } else if (state_ == State::extension || state_ == State::size_end) {
    if (c == '\n') {
      begin_data();
    } else if (state_ == State::size_end) {
      return wrong;
    }
  } else if (state_ == State::data_end) {
    if (c == '\n') {
      state_ = State::size;
      line_bytes_ = 0;
    } else if (c != '\r' || line_bytes_ != 1) {
      return wrong;
    }
  } else if (c == '\n') {  // of a trailer
    state_ = line_bytes_ == 1 ? State::done : State::trailer;
    line_bytes_ = 0;
  } else if (c == '\r') {
    --line_bytes_;
  }
  return {};
}

}  // namespace tapedeck::recorder
