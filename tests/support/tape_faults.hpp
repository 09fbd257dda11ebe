// A disk that fails or a process that dies in the middle of what SQLite does to its files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace tapedeck::test {

enum class Fault {
  disk_full,   ///< the operation fails as on a full disk
  disk_error,  ///< the operation fails as on a broken disk
  kill,        ///< the process gets SIGKILL before the operation
};

/// Stands between SQLite and the files of this process as long as it lives. Counts the operations
/// that change a file or wait for the disk (write, truncate, sync, delete) and lets some of them
/// fail.
class FaultyDisk {
 public:
  FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();

  /// Operation `number`, counted from 1 from now on, meets `fault`; `lasting`: so do all that
  /// follow.
  void fail_at(std::uint64_t number, Fault fault, bool lasting);
  /// From now on nothing waits for the disk, for tests that are about other things.
  void skip_syncs();
  /// From now on `wait` is called for each time that something waits for the disk: a slow one.
  void slow_syncs(std::function<void()> wait);
  /// From now on what was written and not waited for is remembered, so that it can be lost.
  void remember_unsynced();
  /// The power goes: of each file that is written to there is left what was there when it was last
  /// waited for, with those of the writes since then that `seed` keeps, each whole or in part. The
  /// files must be closed.
  void lose_unsynced(std::uint64_t seed);
  /// No operation fails any more.
  void heal();

  /// Operations since `fail_at`, or since the beginning.
  [[nodiscard]] std::uint64_t operations() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::test
