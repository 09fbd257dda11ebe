#include "core/sse/encoder.hpp"

#include "core/base/utf8.hpp"

namespace tapedeck::sse {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  append_utf8_lossy(out, value);
  out += '\n';
}

void append_data(std::string& out, std::string_view data) {
  while (true) {
    const std::size_t end = data.find_first_of("\r\n");
    append_field(out, "data", data.substr(0, end));
    if (end == std::string_view::npos) {
      return;
    }
    data.remove_prefix(end);
    data.remove_prefix(data.starts_with("\r\n") ? 2 : 1);
  }
}

}  // namespace

Result<std::string> encode(std::string_view event, std::string_view data,
                           std::optional<std::string_view> id,
                           std::optional<std::uint64_t> retry_ms) {
  if (event.find_first_of("\r\n") != std::string_view::npos) {
    return fail_usage("cannot encode an event name that holds a line end; take it out");
  }
  if (id && id->find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return fail_usage("cannot encode an event id that holds a line end or NUL; take it out");
  }
  std::string out;
  out.reserve(event.size() + data.size() + 32);
  if (retry_ms) {
    append_field(out, "retry", std::to_string(*retry_ms));
  }
  if (id) {
    append_field(out, "id", *id);
  }
  if (!event.empty()) {
    append_field(out, "event", event);
  }
  append_data(out, data);
  out += '\n';
  return out;
}

}  // namespace tapedeck::sse
