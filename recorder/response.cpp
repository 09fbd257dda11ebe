#include "recorder/response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

std::string answered(unsigned status) {
  return "it answered with status " + std::to_string(status);
}

bool is_one_of(unsigned status, std::initializer_list<unsigned> wanted) {
  return std::ranges::find(wanted, status) != wanted.end();
}

Judgement judge_status(const ResponseHead& head) {
  using enum Judgement::Kind;
  const unsigned status = head.status;
  if (is_one_of(status, {301, 302, 303, 307, 308})) {
    if (head.location.empty()) {
      return {never, answered(status) + ", a redirect that does not say where to"};
    }
    return {redirect, ""};
  }
  if (status == 204) {
    return {never, answered(status) + ": there is no stream any more"};
  }
  if (status == 401 || status == 403) {
    return {never,
            answered(status) + ": the token or the credentials are missing, wrong or expired"};
  }
  if (status == 407) {
    return {never, answered(status) +
                       ": the proxy wants a name and a password, which go into HTTP_PROXY as in "
                       "http://USER:PASSWORD@HOST:PORT, or does not accept those it got"};
  }
  if (status == 404 || status == 410) {
    return {never, answered(status) + ": there is no such stream"};
  }
  if (is_one_of(status, {408, 425, 429}) || status >= 500) {
    return {later, answered(status) + ": it does not serve the stream now"};
  }
  return {never, answered(status) + " instead of 200"};
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = stop == text.data() + text.size() && !text.empty();
  return error == std::errc{} && all ? std::optional{number} : std::nullopt;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7) as Unix time in seconds.
std::optional<std::int64_t> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t length = 29;
  if (text.size() != length || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const auto month = std::ranges::find(months, text.substr(8, 3));
  const auto day = whole_number<unsigned>(text.substr(5, 2));
  const auto year = whole_number<unsigned>(text.substr(12, 4));
  const auto hour = whole_number<unsigned>(text.substr(17, 2));
  const auto minute = whole_number<unsigned>(text.substr(20, 2));
  const auto second = whole_number<unsigned>(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
      std::chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
}

}  // namespace

Judgement judge(const ResponseHead& head) {
  using enum Judgement::Kind;
  if (head.status != 200) {
    return judge_status(head);
  }
  if (!is_event_stream(head.content_type)) {
    const std::string type =
        head.content_type.empty() ? "no Content-Type" : "'" + printable(head.content_type) + "'";
    return {later, "it answered with " + type + " instead of text/event-stream"};
  }
  if (!head.content_encoding.empty() && !iequals(head.content_encoding, "identity")) {
    return {never, "it encodes the stream as '" + printable(head.content_encoding) +
                       "' without being asked to; turn the compression off"};
  }
  if (!head.transfer_encoding.empty() && !iequals(head.transfer_encoding, "chunked")) {
    return {never, "it answered with the Transfer-Encoding '" + printable(head.transfer_encoding) +
                       "', of which only 'chunked' is understood"};
  }
  return {stream, ""};
}

bool is_event_stream(std::string_view content_type) {
  // The last of several types counts (Fetch, "extract a MIME type"); a comma in quotes is none.
  const std::size_t comma = content_type.substr(0, content_type.find('"')).rfind(',');
  const std::string_view last =
      trim(comma == std::string_view::npos ? content_type : content_type.substr(comma + 1));
  return iequals(last.substr(0, last.find_first_of("; \t")), "text/event-stream");
}

std::int64_t parse_retry_after(std::string_view value, std::int64_t wall_now_ns) {
  value = trim(value);
  std::int64_t seconds = 0;
  if (!value.empty() && std::ranges::all_of(value, is_digit)) {
    constexpr std::int64_t longest_s = limits::server_wait_ns_max / ns_per_s;
    seconds = std::min(whole_number<std::int64_t>(value).value_or(longest_s), longest_s);
    return seconds * ns_per_s;
  }
  const auto date_s = parse_http_date(value);
  if (!date_s) {
    return 0;
  }
  const std::int64_t wait_s = *date_s - wall_now_ns / ns_per_s;
  return std::clamp<std::int64_t>(wait_s, 0, limits::server_wait_ns_max / ns_per_s) * ns_per_s;
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out(text.substr(0, bytes_max));
  std::ranges::replace_if(
      out, [](char c) { return is_control(c) || static_cast<unsigned char>(c) > 0x7f; }, '?');
  return text.size() > bytes_max ? out + "..." : out;
}

}  // namespace tapedeck::recorder
