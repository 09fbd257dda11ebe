// Tapes for tests: made in a temporary folder that goes away with its owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.hpp"
#include "core/sse/frame_splitter.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::test {

/// An empty folder that is removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  /// The path of `name` in it.
  [[nodiscard]] std::string path(const std::string& name = "test.tape") const;

 private:
  std::string folder_;
};

/// Writes a tape step by step. Any failure ends the test program: a test of failures uses the
/// TapeWriter itself.
class TapeBuilder {
 public:
  static constexpr std::int64_t wall_start_ns = 1'790'000'000 * ns_per_s;

  explicit TapeBuilder(const std::string& path,
                       schema::Existing existing = schema::Existing::refuse);

  [[nodiscard]] schema::TapeWriter& writer() { return *writer_; }

  /// Opens a connection at `at_ns`, which the frames that follow come on.
  TapeBuilder& connect(std::int64_t at_ns = 0, const std::string& source = "test");
  /// One read that is one frame. Not to be mixed with `read` on a connection.
  TapeBuilder& frame(std::int64_t recv_ns, std::string_view raw, bool complete = true);
  /// Splits `bytes`, the next read of the body, to frames.
  TapeBuilder& read(std::int64_t recv_ns, std::string_view bytes);
  /// Ends the connection.
  TapeBuilder& disconnect(std::int64_t at_ns,
                          port::ConnectionEnd end = port::ConnectionEnd::finished);

  /// Closes what is open and finishes the tape.
  void finish();

 private:
  std::unique_ptr<schema::TapeWriter> writer_;
  sse::FrameSplitter splitter_;
  std::uint32_t connection_id_ = 0;
  std::uint64_t offset_ = 0;
  std::int64_t last_ns_ = 0;
};

/// A closed tape at `path` with `body` on one connection, the blocks of which come `step_ns` apart,
/// each with a read of its own; the first at `step_ns`.
void make_tape(const std::string& path, std::string_view body, std::int64_t step_ns = ns_per_ms);

/// The raw bytes of all frames of the range, joined.
[[nodiscard]] std::string body_of(const schema::TapeReader& tape,
                                  const schema::FrameRange& range = {});

/// A frame that owns its bytes.
struct OwnedFrame {
  std::uint64_t seq = 0;
  std::uint32_t connection_id = 0;
  std::int64_t recv_ns = 0;
  bool complete = true;
  std::string raw;

  friend bool operator==(const OwnedFrame&, const OwnedFrame&) = default;
};

[[nodiscard]] std::vector<OwnedFrame> frames_of(const schema::TapeReader& tape,
                                                const schema::FrameRange& range = {});

}  // namespace tapedeck::test
