#include "tests/support/tape_builder.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace tapedeck::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "a tape for a test: %s\n", result.error().message.c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  folder_ = (std::filesystem::temp_directory_path() / "tapedeck-test-XXXXXX").string();
  check(::mkdtemp(folder_.data()) != nullptr, "no temporary folder can be made");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TemporaryFolder::path(const std::string& name) const {
  return folder_ + "/" + name;
}

TapeBuilder::TapeBuilder(const std::string& path, schema::Existing existing)
    : writer_(must(
          schema::TapeWriter::open(path, {.existing = existing, .wall_now_ns = wall_start_ns}))) {}

TapeBuilder& TapeBuilder::connect(std::int64_t at_ns, const std::string& source) {
  port::ConnectionStart start;
  start.opened_ns = last_ns_ = at_ns;
  start.wall_ns = wall_start_ns + at_ns;
  start.source = source;
  connection_id_ = must(writer_->open_connection(start));
  offset_ = 0;
  return *this;
}

TapeBuilder& TapeBuilder::frame(std::int64_t recv_ns, std::string_view raw, bool complete) {
  offset_ += raw.size();
  last_ns_ = recv_ns;
  must(writer_->note_read(connection_id_, offset_, recv_ns));
  must(writer_->accept({0, connection_id_, recv_ns, complete, raw}));
  return *this;
}

TapeBuilder& TapeBuilder::read(std::int64_t recv_ns, std::string_view bytes) {
  const std::int64_t earlier_ns = std::exchange(last_ns_, recv_ns);
  offset_ += bytes.size();
  must(writer_->note_read(connection_id_, offset_, recv_ns));
  splitter_.push(bytes);
  while (const auto block = splitter_.next()) {
    const std::int64_t at_ns = block->ended_in_earlier_push ? earlier_ns : recv_ns;
    must(writer_->accept({0, connection_id_, at_ns, block->complete, block->raw}));
  }
  return *this;
}

TapeBuilder& TapeBuilder::disconnect(std::int64_t at_ns, port::ConnectionEnd end) {
  if (const auto block = splitter_.finish()) {
    must(writer_->accept({0, connection_id_, last_ns_, block->complete, block->raw}));
  }
  must(writer_->close_connection(std::exchange(connection_id_, 0), at_ns, end, ""));
  return *this;
}

void TapeBuilder::finish() {
  if (connection_id_ != 0) {
    disconnect(last_ns_);
  }
  must(writer_->finish());
}

void make_tape(const std::string& path, std::string_view body, std::int64_t step_ns) {
  TapeBuilder tape(path);
  tape.connect();
  sse::FrameSplitter splitter;
  std::int64_t at_ns = 0;
  splitter.push(body);
  while (const auto block = splitter.next()) {
    tape.frame(at_ns += step_ns, block->raw, block->complete);
  }
  if (const auto block = splitter.finish()) {
    tape.frame(at_ns += step_ns, block->raw, block->complete);
  }
  tape.finish();
}

std::string body_of(const schema::TapeReader& tape, const schema::FrameRange& range) {
  std::string body;
  for (const OwnedFrame& frame : frames_of(tape, range)) {
    body += frame.raw;
  }
  return body;
}

std::vector<OwnedFrame> frames_of(const schema::TapeReader& tape, const schema::FrameRange& range) {
  const auto source = must(tape.frames(range));
  std::vector<OwnedFrame> frames;
  while (const auto frame = must(source->next())) {
    frames.push_back({frame->seq, frame->connection_id, frame->recv_ns, frame->complete,
                      std::string(frame->raw)});
  }
  return frames;
}

}  // namespace tapedeck::test
