// Parts of a series of tapes, made into one tape.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::cli {

/// Copies what was received on the parts `paths`, which follow one another, to a tape at `path`; it
/// begins with the state at the start of the first part. The last part may still be recorded: what
/// is committed is copied. Where this fails no tape is left behind.
[[nodiscard]] Result<void> join_parts(const std::vector<std::string>& paths,
                                      const std::string& path, schema::Existing existing);

}  // namespace tapedeck::cli
