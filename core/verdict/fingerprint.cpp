#include "core/verdict/fingerprint.hpp"

#include <xxhash.h>

#include "core/verdict/sse_line.hpp"

namespace tapedeck::verdict {

std::optional<std::uint64_t> Fingerprint::of(const port::Frame& frame, const OnEvent& on_event) {
  text_.clear();
  bool has_event = false;
  reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
  while (auto event = reader_.next()) {
    has_event = true;
    event->value = mask_.masked(*event);
    append_event(*event);
    if (on_event) {
      on_event(*event);
    }
  }
  if (ignore_.nothing()) {
    text_ = frame.raw;
  } else {
    append_rest(frame.raw, has_event);
  }
  if (text_.empty()) {
    return std::nullopt;
  }
  return XXH3_64bits(text_.data(), text_.size());
}

void Fingerprint::append_event(const event::WireEvent& event) {
  text_ += event.name;
  text_ += '\n';
  if (event.payload == event::Payload::decoded) {
    append_json(text_, event.value);
  } else {
    text_ += event.data;
  }
  text_ += '\n';
}

/// The lines of a block that its event does not stand for.
void Fingerprint::append_rest(std::string_view raw, bool has_event) {
  while (!raw.empty()) {
    const std::string_view line = take_line(raw);
    const bool told = has_event && (field_of(line, "event") || field_of(line, "data"));
    const bool ignored =
        (ignore_.comments && line.starts_with(':')) || (ignore_.ids && field_of(line, "id"));
    if (!line.empty() && !told && !ignored) {
      text_ += line;
      text_ += '\n';
    }
  }
}

}  // namespace tapedeck::verdict
