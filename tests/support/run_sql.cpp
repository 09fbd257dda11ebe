#include "tests/support/run_sql.hpp"

#include <sqlite3.h>

namespace tapedeck::test {

std::string run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  std::string wrong;
  // Defensive off, so that tables may be damaged too.
  if (sqlite3_open(path.c_str(), &database) != SQLITE_OK ||
      sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr) != SQLITE_OK ||
      sqlite3_exec(database, ("PRAGMA synchronous = OFF;" + sql).c_str(), nullptr, nullptr,
                   nullptr) != SQLITE_OK) {
    wrong = sql + ": " + sqlite3_errmsg(database);
  }
  sqlite3_close(database);
  return wrong;
}

}  // namespace tapedeck::test
