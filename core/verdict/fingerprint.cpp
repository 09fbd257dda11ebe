#include "core/verdict/fingerprint.hpp"

#include <xxhash.h>

#include "core/base/json_text.hpp"
#include "core/verdict/sse_line.hpp"

namespace tapedeck::verdict {
namespace {

std::uint64_t hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

/// Never 0.
std::uint32_t shortened(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32U) | 1U;
}

}  // namespace

std::optional<std::uint64_t> Fingerprint::of(const port::Frame& frame, const OnEvent& on_event) {
  text_.clear();
  likeness_ = {};
  bool has_event = false;
  reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
  while (auto event = reader_.next()) {
    has_event = true;
    event->value = mask_.masked(*event);
    append_event(*event);
    liken(*event);
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
  return hash(text_);
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

void Fingerprint::liken(const event::WireEvent& event) {
  constexpr std::size_t eighths = 8;
  const bool nested = event.kind == event::Kind::breakout_event;
  const event::Value said = nested ? event.value["data"] : event.value;
  std::string text(event.name);
  text += '\n';
  if (nested) {
    append_json(text, event.value["event"]);
  }
  likeness_[eighths + 1] = shortened(hash(text));
  append_json(text, event.value["breakout_uuid"]);
  append_json(text, said["uuid"]);
  likeness_[eighths] = shortened(hash(text));
  std::array<std::uint64_t, eighths> sums{};
  std::uint64_t all = 0;
  for (const event::Member& member : said.members()) {
    text.clear();
    append_json_string(text, member.key);
    append_json(text, member.value);
    sums[hash(member.key) % eighths] += hash(text);
    all += hash(text);
  }
  for (std::size_t i = 0; i < eighths; ++i) {
    const std::uint64_t in_common[] = {all - sums[i], likeness_[eighths]};
    likeness_[i] = in_common[0] == 0 ? 0 : shortened(XXH3_64bits(in_common, sizeof in_common));
  }
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
