// Marks on a tape that nobody records: moments that somebody gave a name to.
//
// They change nothing of what was recorded. While a tape is recorded TapeWriter::note_mark sets
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::schema {

/// A remark, not a document.
inline constexpr std::size_t mark_bytes_max = 4096;

/// Whether a mark can have this text: one line of UTF-8, not empty, mark_bytes_max at most, without
/// control characters. Else an error of the kind `usage`.
[[nodiscard]] Result<void> check_mark_text(std::string_view text);

/// Sets a mark at a moment of the tape `path`, from its beginning to its last moment, and gives its
/// id. Fails while anybody reads the tape: a TapeReader of this process counts.
[[nodiscard]] Result<std::int64_t> add_mark(const std::string& path, std::int64_t at_ns,
                                            std::string_view text);

/// Removes the mark `id` of somebody's; fails as `add_mark`.
[[nodiscard]] Result<void> remove_mark(const std::string& path, std::int64_t id);

}  // namespace tapedeck::schema
