#include "core/event/wire_reader.hpp"

namespace tapedeck::event {
namespace {

Payload payload_of(Decoded::Outcome outcome) {
  switch (outcome) {
    case Decoded::Outcome::ok:
      return Payload::decoded;
    case Decoded::Outcome::not_json:
      return Payload::not_json;
    case Decoded::Outcome::too_deep:
      return Payload::too_deep;
    case Decoded::Outcome::too_many:
      return Payload::too_many;
  }
  return Payload::not_json;
}

}  // namespace

void WireReader::push(const FramePlace& place, std::string_view raw) {
  if (place.connection_id != place_.connection_id) {
    parser_.reset();
  }
  place_ = place;
  parser_.push(raw);
}

void decode(Decoder& decoder, WireEvent& event) {
  const Decoded decoded = decoder.decode_in_place(event.data);
  event.payload = payload_of(decoded.outcome);
  event.value = decoded.value;
  event.origin = decoded.origin;
  event.fault_offset = decoded.offset;
}

std::optional<WireEvent> WireReader::next() {
  auto event = next_undecoded();
  if (event && event->payload == Payload::undecoded) {
    decode(*event);
  }
  return event;
}

std::optional<WireEvent> WireReader::next_undecoded() {
  while (const auto parsed = parser_.next()) {
    WireEvent event;
    event.seq = place_.seq;
    event.connection_id = place_.connection_id;
    event.recv_ns = place_.recv_ns;
    switch (parsed->kind) {
      case sse::Parsed::Kind::retry:
        continue;
      case sse::Parsed::Kind::line_too_long:
      case sse::Parsed::Kind::message_too_long:
        event.payload = Payload::too_long;
        return event;
      case sse::Parsed::Kind::message:
        break;
    }
    event.name = parsed->message.event;
    event.kind = kind_of(event.name);
    event.data = parsed->message.data;
    event.last_event_id = parsed->message.last_event_id;
    event.payload = event.data.empty() ? Payload::empty : Payload::undecoded;
    return event;
  }
  return std::nullopt;
}

}  // namespace tapedeck::event
