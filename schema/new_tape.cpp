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

/// Renames where there is no file of that name. 0 or the error.
int take_name(const std::string& from, const std::string& to) {
  struct stat status {};
  if (::link(from.c_str(), to.c_str()) == 0) {
    ::unlink(from.c_str());
  } else if (errno == EEXIST || ::lstat(to.c_str(), &status) == 0) {
    return EEXIST;
  } else if (::rename(from.c_str(), to.c_str()) != 0) {  // a file system without links
    return errno;
  }
  remove_side_files(to);  // those of a tape that is gone
  return 0;
}

Failure exists_already(const std::string& path) {
  return fail_io(in_quotes(path) + " exists and is not a tape; name another output");
}

Failure is_recorded(const std::string& path) {
  return fail_io(in_quotes(path) + " is being recorded by another process");
}

}  // namespace

Result<bool> provide_file(const std::string& path, Existing existing, bool can_append) {
  auto made = make_blank(path);
  if (!made || *made) {
    return made;
  }
  if (existing == Existing::refuse) {
    return fail_io(in_quotes(path) + " exists; --overwrite replaces it" +
                   (can_append ? ", --append continues it" : ""));
  }
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  if (!head->is_tape && !head->empty) {
    return exists_already(path);
  }
  if (existing == Existing::append && head->is_tape) {
    return false;
  }
  if (RecordingLock::is_held(head->path)) {
    return is_recorded(path);
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

Result<void> check_replaceable(const std::string& path, Existing existing) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return {};
  }
  if (existing == Existing::refuse) {
    return fail_io(in_quotes(path) + " exists; --overwrite replaces it");
  }
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  if (!head->is_tape && !head->empty) {
    return exists_already(path);
  }
  return RecordingLock::is_held(head->path) ? Result<void>(is_recorded(path)) : Result<void>{};
}

Result<void> rename_tape(const std::string& from, const std::string& to, Existing existing) {
  const int fd = ::open(from.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return cannot_make(to, errno);
  }
  int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (error == 0 && existing == Existing::overwrite) {
    remove_side_files(to);  // before they stand beside a tape that they are no part of
    error = ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  } else if (error == 0) {
    error = take_name(from, to);
  }
  if (error == EEXIST) {
    return fail_io(in_quotes(to) + " was made by another process just now");
  }
  if (error != 0) {
    return cannot_make(to, error);
  }
  sync_folder(to);
  return {};
}

}  // namespace tapedeck::schema
