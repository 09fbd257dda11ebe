// The file of a tape that is to be recorded onto. Private to schema/.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "schema/tape_writer.hpp"

namespace tapedeck::schema {

/// Sees to it that there is a tape at `path`; true: a new one.
[[nodiscard]] Result<bool> provide_file(const std::string& path, Existing existing);

}  // namespace tapedeck::schema
