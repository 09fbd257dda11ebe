// The index of a tape: checkpoints, each with what was derived of the frames up to one of them, so
// that a reader knows how things stood there without reading what came before.
//
// They change nothing of what was recorded, and may be removed and made anew. What is in one is for
// who derives states; here it is bytes with a version. Read by TapeReader. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::schema {

/// The index of a tape that nobody records, while it is changed. Nobody else may record onto the
/// tape or change it meanwhile; readers that are opened meanwhile see what was there before.
class TapeIndex {
 public:
  /// Fails where the tape is recorded, or is read by anybody: a TapeReader of this process counts.
  [[nodiscard]] static Result<std::unique_ptr<TapeIndex>> change(const std::string& path);
  TapeIndex(const TapeIndex&) = delete;
  TapeIndex& operator=(const TapeIndex&) = delete;
  /// Without `finish` what was not committed is taken back.
  ~TapeIndex();

  /// Removes all checkpoints, of every version.
  Result<void> clear();
  /// In the order of `seq`, past those that are there. What has been added is committed now and
  /// then, so that a death costs no more than the last of it.
  Result<void> add(std::uint64_t seq, std::uint32_t version, std::string_view state);

  /// Commits. Readers that were opened meanwhile must be gone.
  Result<void> finish();

 private:
  struct Impl;
  explicit TapeIndex(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::schema
