// Changes a tape behind tapedeck's back.
#pragma once

#include <string>

namespace tapedeck::test {

/// What SQLite has against `sql` on the file at `path`; empty where it ran.
[[nodiscard]] std::string run_sql(const std::string& path, const std::string& sql);

}  // namespace tapedeck::test
