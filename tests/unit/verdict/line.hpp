// The line from the bytes of a stream to its findings, as `verify` runs it, for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/wire_reader.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/state/reducer.hpp"
#include "core/verdict/validator.hpp"

namespace tapedeck::verdict {

inline const std::filesystem::path source_folder = TAPEDECK_SOURCE_DIR;

/// One line of JSON a finding.
[[nodiscard]] std::string as_lines(const Findings& findings);

/// Comments of a stream direct it: `: connection` begins another connection, with another join, and
/// `: self UUID` says who you are.
class Line {
 public:
  explicit Line(Findings& findings, std::size_t names_bytes_max = limits::roster_bytes_max);

  void run(std::string_view stream);

 private:
  void take(const sse::Block& block);
  void join() { reducer_.emplace(state::Join(), state::ReducerOptions{.signals = false}); }

  Validator validator_;
  event::WireReader reader_;
  std::optional<state::Reducer> reducer_;
  std::uint64_t seq_ = 0;
  std::uint32_t connection_id_ = 1;
  std::int64_t now_ns_ = 0;
};

}  // namespace tapedeck::verdict
