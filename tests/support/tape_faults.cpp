#include "tests/support/tape_faults.hpp"

#include <csignal>
#include <cstring>
#include <limits>

#include <sqlite3.h>
#include <unistd.h>

#include "core/base/check.hpp"

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
};

Plan plan;

/// An open file: SQLite allocates it, the file of the real disk lies behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real();
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
  return met != SQLITE_OK ? met : real(file)->pMethods->xWrite(real(file), from, size, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const int met = meet(SQLITE_IOERR_TRUNCATE);
  return met != SQLITE_OK ? met : real(file)->pMethods->xTruncate(real(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  const int met = meet(SQLITE_IOERR_FSYNC);
  return met != SQLITE_OK || plan.skips_syncs ? met
                                              : real(file)->pMethods->xSync(real(file), flags);
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
  const int code = disk->xOpen(disk, name, real(file), flags, out_flags);
  if (code == SQLITE_OK) {
    file->pMethods = &methods;
  }
  return code;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
  const int met = meet(SQLITE_IOERR_DELETE);
  return met != SQLITE_OK ? met : real_disk(vfs)->xDelete(real_disk(vfs), name, sync);
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
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&impl_->vfs);
}

void FaultyDisk::fail_at(std::uint64_t number, Fault fault, bool lasting) {
  plan = {0, number, fault, lasting, plan.skips_syncs};
}

void FaultyDisk::skip_syncs() {
  plan.skips_syncs = true;
}

void FaultyDisk::heal() {
  plan.at = std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t FaultyDisk::operations() const {
  return plan.done;
}

}  // namespace tapedeck::test
