#include "tests/unit/verdict/line.hpp"

#include "core/base/units.hpp"

namespace tapedeck::verdict {
namespace {

/// What a directing comment says, or nothing.
std::optional<std::string> directive(std::string_view raw, std::string_view name) {
  const std::string start = ": " + std::string(name);
  if (!raw.starts_with(start) || !raw.ends_with("\n\n")) {
    return std::nullopt;
  }
  raw.remove_prefix(start.size());
  raw.remove_suffix(2);
  return std::string(raw.substr(raw.starts_with(' ') ? 1 : 0));
}

}  // namespace

std::string as_lines(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings.kept()) {
    JsonWriter json(text);
    write_json(json, finding);
    text += '\n';
  }
  return text;
}

Line::Line(Findings& findings, std::size_t names_bytes_max)
    : validator_(findings, names_bytes_max) {
  join();
}

void Line::run(std::string_view stream) {
  sse::FrameSplitter splitter;
  splitter.push(stream);
  while (const auto block = splitter.next()) {
    take(*block);
  }
  if (const auto rest = splitter.finish()) {
    take(*rest);
  }
  validator_.finish();
}

void Line::take(const sse::Block& block) {
  if (const auto uuid = directive(block.raw, "self")) {
    validator_.self(*uuid);
    return;
  }
  if (directive(block.raw, "connection")) {
    ++connection_id_;
    join();
    return;
  }
  now_ns_ += 10 * ns_per_ms;
  const port::Frame frame{++seq_, connection_id_, now_ns_, block.complete, block.raw};
  validator_.frame(frame);
  reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
  while (const auto event = reader_.next()) {
    validator_.event(*event, reducer_->apply(*event, 0));
  }
}

}  // namespace tapedeck::verdict
