// The file of a tape that is to be recorded onto. Private to schema/.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::schema {

/// Sees to it that there is a tape at `path`; true: a new one.
[[nodiscard]] Result<bool> provide_file(const std::string& path, Existing existing,
                                        bool can_append);

/// Whether a new tape may take the place of what is at `path`: nothing, or with
/// Existing::overwrite a tape that nobody records, or an empty file.
[[nodiscard]] Result<void> check_replaceable(const std::string& path, Existing existing);

/// Gives a finished file, which nobody has open, another name in its folder, durably.
[[nodiscard]] Result<void> rename_tape(const std::string& from, const std::string& to,
                                       Existing existing);

}  // namespace tapedeck::schema
