// A URL is read or refused; one that was read is written as it is read again, resolves references,
// and never brings a line end into a request.
#include "recorder/url.hpp"

#include <string>
#include <string_view>

#include "recorder/redact.hpp"
#include "recorder/request.hpp"
#include "recorder/response.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

std::size_t lines_of(std::string_view text) {
  const auto count = std::count(text.begin(), text.end(), '\n');
  check(count == std::count(text.begin(), text.end(), '\r'), "each line ends in CR LF");
  return static_cast<std::size_t>(count);
}

void check_url(const recorder::Url& url, std::string_view event_id) {
  const std::string text = to_string(url);
  const auto again = recorder::parse_url(text);
  check(again && to_string(*again) == text, "what is written is read again");
  check(same_origin(url, *again) && host_header(url) == host_header(*again), "and is the same");

  const std::size_t plain_lines = lines_of(recorder::make_request(url, {}, "", true).text);
  const recorder::Request request = recorder::make_request(url, {}, event_id, true);
  const std::size_t lines = plain_lines + (request.last_event_id.empty() ? 0 : 1);
  check(lines_of(request.text) == lines, "a request has the lines that it should have");
  check(request.text.ends_with("\r\n\r\n"), "a request ends");
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const std::string_view first = input.until('\n');
  const std::string_view reference = input.until('\n');
  const std::string_view header = input.until('\n');
  const std::string_view rest = input.rest();

  const auto url = recorder::parse_url(first);
  if (url) {
    fuzz::check_url(*url, rest);
    if (const auto target = recorder::resolve_url(*url, reference)) {
      fuzz::check_url(*target, rest);
    }
  } else {
    check(!url.error().message.empty(), "a refusal says why");
  }
  if (const auto parsed = recorder::parse_header(header)) {
    check(parsed->value.find_first_of("\r\n") == std::string::npos, "a header is one line");
    check(parsed->name.find_first_of(": \r\n") == std::string::npos, "a name is a word");
  }
  check(recorder::parse_retry_after(rest, 1'790'000'000'000'000'000) >= 0, "no wait is negative");
  static_cast<void>(recorder::is_event_stream(rest));
  recorder::Redactor redactor;
  static_cast<void>(redactor.url(first));
  static_cast<void>(redactor.text(rest));
  return 0;
}
