#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/new_tape_private.hpp"
#include "schema/sqlite_private.hpp"
#include "schema/tape_file_private.hpp"

namespace tapedeck::schema {
namespace {

Failure cannot_make(const std::string& path, int error) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  switch (error) {
    case ENOENT:
      return fail_io("cannot make " + in_quotes(path) + ": there is no folder " +
                     in_quotes(parent) + "; make it first");
    case EACCES:
    case EROFS:
    case EPERM:
      return fail_io("cannot make " + in_quotes(path) + ": its folder cannot be written to");
    case ENOSPC:
    case EDQUOT:
      return fail_io("cannot make " + in_quotes(path) + ": the disk is full");
    default:
      return fail_io("cannot make " + in_quotes(path) + ": " + std::strerror(error));
  }
}

/// Writes `bytes` and waits for the disk. 0 or the error.
int write_durably(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// The folder that `path` is in.
std::string folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// The name of a new file is durable when its folder is.
void sync_folder(const std::string& path) {
  const int fd = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    ::fsync(fd);
    ::close(fd);
  }
}

/// Makes a file that gets its name when it is whole, so that a death leaves none that is not.
/// EOPNOTSUPP: nothing is made, the file system has no such files.
int make_at_once(const std::string& path, std::string_view bytes) {
  const int fd = ::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) {
    return errno == EISDIR ? EOPNOTSUPP : errno;  // a kernel that does not know O_TMPFILE
  }
  int error = write_durably(fd, bytes);
  const std::string by_fd = "/proc/self/fd/" + std::to_string(fd);
  if (error == 0 &&
      ::linkat(AT_FDCWD, by_fd.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    error = errno == EEXIST ? EEXIST : EOPNOTSUPP;
  }
  ::close(fd);
  return error;
}

/// 0 or the error; EEXIST: there is a file of that name.
int make_file(const std::string& path, std::string_view bytes) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    return EEXIST;
  }
  const int made = make_at_once(path, bytes);
  if (made != EOPNOTSUPP) {
    return made;
  }
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    return errno;
  }
  const int error = write_durably(fd, bytes);
  ::close(fd);
  if (error != 0) {
    ::unlink(path.c_str());
  }
  return error;
}

/// Makes a tape with nothing on it; false: there is a file of that name.
Result<bool> make_blank(const std::string& path) {
  const auto blank = blank_tape();
  if (!blank) {
    return fail(blank.error());
  }
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> image{
      sqlite3_serialize(blank->handle(), "main", &size, 0), sqlite3_free};
  if (!image) {
    return fail_io("cannot make " + in_quotes(path) + ": no memory is left");
  }
  const auto* bytes = reinterpret_cast<const char*>(image.get());
  const int error = make_file(path, {bytes, static_cast<std::size_t>(size)});
  if (error == EEXIST || error == EISDIR) {
    return false;
  }
  if (error != 0) {
    return cannot_make(path, error);
  }
  remove_side_files(path);  // now that the name is ours: those of a tape that is gone
  sync_folder(path);
  return true;
}

}  // namespace

Result<bool> provide_file(const std::string& path, Existing existing) {
  auto made = make_blank(path);
  if (!made || *made) {
    return made;
  }
  if (existing == Existing::refuse) {
    return fail_io(in_quotes(path) + " exists; --overwrite replaces it, --append continues it");
  }
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  if (!head->is_tape && !head->empty) {
    return fail_io(in_quotes(path) + " exists and is not a tape; name another output");
  }
  if (existing == Existing::append && head->is_tape) {
    return false;
  }
  if (RecordingLock::is_held(head->path)) {
    return fail_io(in_quotes(path) + " is being recorded by another process");
  }
  if (::unlink(head->path.c_str()) != 0) {
    return cannot_make(path, errno);
  }
  auto remade = make_blank(head->path);
  if (remade && !*remade) {
    return fail_io(in_quotes(path) + " was made by another process just now");
  }
  return remade;
}

}  // namespace tapedeck::schema
