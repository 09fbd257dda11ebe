#include "tests/support/tape_faults.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>
#include <unistd.h>

#include "core/base/check.hpp"
#include "core/base/random.hpp"

namespace tapedeck::test {
namespace {

/// What the files of the one FaultyDisk share; SQLite's callbacks carry no pointer to it that
/// outlives a copy.
struct Plan {
  std::uint64_t done = 0;
  std::uint64_t at = std::numeric_limits<std::uint64_t>::max();
  Fault fault = Fault::disk_full;
  bool lasting = false;
  bool skips_syncs = false;
  std::function<void()> wait;  ///< with each sync
};

Plan plan;

/// A file as the disk is sure to have it, and what was written to it since.
struct Unsynced {
  struct Write {
    std::size_t at = 0;
    std::string bytes;
    bool truncates = false;  ///< to `at`
  };
  std::string synced;
  std::vector<Write> writes;
};

bool remembers = false;
std::map<std::string, Unsynced> unsynced;  ///< by name

std::string contents_of(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_to_image(const Unsynced::Write& write, std::string& file) {
  if (write.truncates) {
    file.resize(std::min(file.size(), write.at));
    return;
  }
  file.resize(std::max(file.size(), write.at + write.bytes.size()));
  file.replace(write.at, write.bytes.size(), write.bytes);
}

/// An open file: SQLite allocates it, the file of the real disk lies behind it.
struct File {
  sqlite3_file base;
  const char* name;  ///< lives as long as the file is open; null for a nameless one
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real();
}

/// What is known of the file, if writes are remembered.
Unsynced* memory_of(sqlite3_file* file) {
  const char* name = reinterpret_cast<File*>(file)->name;
  return remembers && name != nullptr ? &unsynced[name] : nullptr;
}

/// Counts an operation: SQLITE_OK, or how it fails.
int meet(int error_code) {
  ++plan.done;
  if (plan.done < plan.at || (plan.done > plan.at && !plan.lasting)) {
    return SQLITE_OK;
  }
  switch (plan.fault) {
    case Fault::disk_full:
      return SQLITE_FULL;
    case Fault::disk_error:
      return error_code;
    case Fault::kill:
      ::kill(::getpid(), SIGKILL);
  }
  return SQLITE_OK;
}

int close_file(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), to, size, at);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  const int met = meet(SQLITE_IOERR_WRITE);
  if (met != SQLITE_OK) {
    return met;
  }
  if (Unsynced* memory = memory_of(file)) {
    const std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
    memory->writes.push_back({.at = static_cast<std::size_t>(at), .bytes = bytes});
  }
  return real(file)->pMethods->xWrite(real(file), from, size, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const int met = meet(SQLITE_IOERR_TRUNCATE);
  if (met != SQLITE_OK) {
    return met;
  }
  if (Unsynced* memory = memory_of(file)) {
    memory->writes.push_back(
        {.at = static_cast<std::size_t>(size), .bytes = {}, .truncates = true});
  }
  return real(file)->pMethods->xTruncate(real(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  const int met = meet(SQLITE_IOERR_FSYNC);
  if (met != SQLITE_OK) {
    return met;
  }
  if (plan.wait) {
    plan.wait();
  }
  if (Unsynced* memory = memory_of(file)) {
    for (const Unsynced::Write& write : std::exchange(memory->writes, {})) {
      write_to_image(write, memory->synced);
    }
  }
  return plan.skips_syncs ? SQLITE_OK : real(file)->pMethods->xSync(real(file), flags);
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}

int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}

int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}

int is_reserved(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

int control_file(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}

int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

void shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}

int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

constexpr sqlite3_io_methods methods{
    2,         close_file,  read_file,   write_file,   truncate_file, sync_file,       size_of_file,
    lock_file, unlock_file, is_reserved, control_file, sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,   nullptr,      nullptr};

sqlite3_vfs* real_disk(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* disk = real_disk(vfs);
  file->pMethods = nullptr;
  reinterpret_cast<File*>(file)->name = name;
  if (remembers && name != nullptr && !unsynced.contains(name)) {
    unsynced[name].synced = contents_of(name);
  }
  const int code = disk->xOpen(disk, name, real(file), flags, out_flags);
  if (code == SQLITE_OK) {
    file->pMethods = &methods;
  }
  return code;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
  const int met = meet(SQLITE_IOERR_DELETE);
  if (met != SQLITE_OK) {
    return met;
  }
  unsynced.erase(name);
  return real_disk(vfs)->xDelete(real_disk(vfs), name, sync);
}

int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  return real_disk(vfs)->xAccess(real_disk(vfs), name, flags, out);
}

int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return real_disk(vfs)->xFullPathname(real_disk(vfs), name, size, out);
}

}  // namespace

struct FaultyDisk::Impl {
  sqlite3_vfs vfs;
};

FaultyDisk::FaultyDisk() : impl_(std::make_unique<Impl>()) {
  sqlite3_vfs* disk = sqlite3_vfs_find(nullptr);
  check(std::strcmp(disk->zName, "faulty") != 0, "there is one FaultyDisk at a time");
  // What is not overridden needs nothing of the object it is called with.
  impl_->vfs = *disk;
  impl_->vfs.zName = "faulty";
  impl_->vfs.pAppData = disk;
  impl_->vfs.pNext = nullptr;
  impl_->vfs.szOsFile = static_cast<int>(sizeof(File)) + disk->szOsFile;
  impl_->vfs.xOpen = open_file;
  impl_->vfs.xDelete = delete_file;
  impl_->vfs.xAccess = access_file;
  impl_->vfs.xFullPathname = full_path;
  sqlite3_vfs_register(&impl_->vfs, 1);
  plan = {};
  remembers = false;
  unsynced.clear();
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&impl_->vfs);
}

void FaultyDisk::fail_at(std::uint64_t number, Fault fault, bool lasting) {
  plan.done = 0;
  plan.at = number;
  plan.fault = fault;
  plan.lasting = lasting;
}

void FaultyDisk::skip_syncs() {
  plan.skips_syncs = true;
}

void FaultyDisk::slow_syncs(std::function<void()> wait) {
  plan.wait = std::move(wait);
}

void FaultyDisk::remember_unsynced() {
  remembers = true;
  unsynced.clear();
}

void FaultyDisk::lose_unsynced(std::uint64_t seed) {
  constexpr std::size_t sector_bytes = 512;
  Random random(seed);
  for (auto& [name, memory] : unsynced) {
    std::string left = std::move(memory.synced);
    const std::uint64_t kept_percent = random.below(101);
    for (Unsynced::Write& write : memory.writes) {
      if (!random.percent(kept_percent)) {
        continue;
      }
      if (!write.truncates && random.percent(20)) {  // torn between two sectors
        write.bytes.resize(random.below(write.bytes.size() / sector_bytes + 1) * sector_bytes);
      }
      write_to_image(write, left);
    }
    // A log that is gone, or was never waited for, may not be there at all.
    if (::access(name.c_str(), F_OK) == 0) {
      std::ofstream(name, std::ios::binary) << left;
    }
  }
  unsynced.clear();
  remembers = false;
}

void FaultyDisk::heal() {
  plan.at = std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t FaultyDisk::operations() const {
  return plan.done;
}

}  // namespace tapedeck::test
