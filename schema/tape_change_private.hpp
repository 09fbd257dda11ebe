// A change of a tape that nobody records: in a transaction, and out of it comes one file. Private
// to schema/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.hpp"
#include "schema/sqlite_private.hpp"
#include "schema/tape_file_private.hpp"

namespace tapedeck::schema {

/// A death at any moment leaves the tape as it was, or as it is afterwards. Without `finish` it
/// leaves the tape as it was.
class TapeChange {
 public:
  /// Begins the transaction. Fails where the tape is recorded, or is read by anybody: a TapeReader
  /// of this process counts.
  [[nodiscard]] static Result<std::unique_ptr<TapeChange>> begin(const std::string& path);
  TapeChange(const TapeChange&) = delete;
  TapeChange& operator=(const TapeChange&) = delete;
  ~TapeChange();

  [[nodiscard]] const Database& database() const { return database_; }
  /// Why the last call failed.
  [[nodiscard]] Failure failure() const;

  /// Commits what has been changed so far; more may follow.
  Result<void> commit();
  /// Commits.
  Result<void> finish();

 private:
  TapeChange(std::string path, Database database)
      : path_(std::move(path)), database_(std::move(database)) {}

  std::string path_;  ///< as given
  Database database_;
  std::optional<RecordingLock> lock_;
  bool finished_ = false;
};

}  // namespace tapedeck::schema
