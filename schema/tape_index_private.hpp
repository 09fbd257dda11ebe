// Private to schema/.
#pragma once

#include "core/base/result.hpp"
#include "schema/sqlite_private.hpp"

namespace tapedeck::schema {

/// Whether there is a table of checkpoints as TapeIndex makes it. Another one of that name is
/// somebody else's, and left alone.
[[nodiscard]] Result<bool> has_index(const Database& database);

}  // namespace tapedeck::schema
