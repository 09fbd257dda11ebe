#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/salvage_file_private.hpp"
#include "schema/tape_file_private.hpp"

namespace tapedeck::schema {
namespace {

// "Database File Format", sections 1.3 (header), 1.6 (pages) and 4.1 (log).
constexpr std::string_view header_magic{"SQLite format 3\0", 16};
constexpr std::size_t header_bytes = 100;
constexpr std::size_t page_size_at = 16;
constexpr std::size_t reserved_at = 20;
constexpr std::uint32_t page_bytes_least = 512;
constexpr std::uint32_t page_bytes_most = 65'536;
constexpr std::size_t log_header_bytes = 32;
constexpr std::size_t log_frame_header_bytes = 24;
constexpr std::uint32_t log_magic = 0x377f0682;  // and that plus 1: checksums in big-endian

/// 8 TiB of large pages. For each page some bytes are held in memory.
constexpr std::uint64_t pages_max = std::uint64_t{1} << 27U;

/// Of a page of unknown size, what is looked at to tell whether it is one.
constexpr std::size_t page_header_bytes = 8;

/// Pages that are looked at when the size of a page is guessed.
constexpr std::uint64_t guessed_pages_max = 4096;

std::uint32_t page_size(std::uint32_t stored) {
  const std::uint32_t bytes = stored == 1 ? page_bytes_most : stored;
  const bool possible =
      bytes >= page_bytes_least && bytes <= page_bytes_most && std::has_single_bit(bytes);
  return possible ? bytes : 0;
}

struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  /// `bytes` has a multiple of eight.
  void add(std::string_view bytes, bool big_endian) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      std::uint32_t a = big_endian_32(bytes, i);
      std::uint32_t b = big_endian_32(bytes, i + 4);
      if (!big_endian) {
        a = __builtin_bswap32(a);
        b = __builtin_bswap32(b);
      }
      first += a + second;
      second += b + first;
    }
  }
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

Checksum stored_checksum(std::string_view bytes, std::size_t at) {
  return {big_endian_32(bytes, at), big_endian_32(bytes, at + 4)};
}

/// As many of `bytes` as there are at `offset`; fewer after an error too.
std::string read_at(int fd, std::uint64_t offset, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count =
        ::pread(fd, text.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  text.resize(done);
  return text;
}

/// Goes over a log. A page of it is vouched for by a checksum that goes on from the one stored
/// beside the page before it, so that one that is damaged costs no other.
class LogReader {
 public:
  LogReader(int fd, std::uint64_t bytes) : fd_(fd), bytes_(bytes) {}

  /// Of a page, as the header of the log says; 0 where that is damaged.
  std::uint32_t read_header() {
    const std::string header = read_at(fd_, 0, log_header_bytes);
    if (header.size() < log_header_bytes) {
      return 0;
    }
    before_ = stored_checksum(header, 24);
    const std::uint32_t magic = big_endian_32(header, 0);
    Checksum sum;
    sum.add(std::string_view(header).substr(0, 24), magic == log_magic + 1);
    if ((magic & ~1U) != log_magic || sum != before_) {
      return 0;
    }
    big_endian_ = magic == log_magic + 1;
    salt_ = header.substr(16, 8);
    return page_size(big_endian_32(header, 8));
  }

  /// Calls `page(number, offset)` for each page that counts, in the order of the log, and gives the
  /// number of those that are damaged. Behind the last commit they may be some that a death left
  /// unfinished.
  template <class Page>
  std::uint64_t read(std::uint32_t page_bytes, Page page) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> pending;
    std::uint64_t damaged = 0;
    std::uint64_t strange = 0;  // of this log or of an earlier one, which is not known yet
    const std::uint64_t step = log_frame_header_bytes + page_bytes;
    for (std::uint64_t at = log_header_bytes; at + step <= bytes_; at += step) {
      const std::string frame = read_at(fd_, at, static_cast<std::size_t>(step));
      if (!vouched_for(frame, step)) {
        ++(is_of_this_log(frame) ? damaged : strange);
        continue;
      }
      pending.emplace_back(big_endian_32(frame, 0), at + log_frame_header_bytes);
      if (big_endian_32(frame, 4) != 0) {  // a commit
        for (const auto& [number, offset] : pending) {
          page(number, offset);
        }
        pending.clear();
        damaged += std::exchange(strange, 0);
      }
    }
    return damaged;
  }

 private:
  bool vouched_for(std::string_view frame, std::uint64_t step) {
    if (frame.size() < step) {
      return false;
    }
    Checksum sum = std::exchange(before_, stored_checksum(frame, 16));
    sum.add(frame.substr(0, 8), big_endian_);
    sum.add(frame.substr(log_frame_header_bytes), big_endian_);
    const std::string_view salt = frame.substr(8, 8);
    // Behind the end there may be pages of an earlier log, which have another salt.
    if (sum != before_ || big_endian_32(frame, 0) == 0 || (!salt_.empty() && salt != salt_)) {
      return false;
    }
    salt_ = salt;
    return true;
  }

  /// One of its two salts is that of this log; an earlier one has others.
  [[nodiscard]] bool is_of_this_log(std::string_view frame) const {
    return salt_.size() == 8 && frame.size() >= log_frame_header_bytes &&
           (frame.substr(8, 4) == salt_.substr(0, 4) || frame.substr(12, 4) == salt_.substr(4));
  }

  int fd_;
  std::uint64_t bytes_;
  Checksum before_;
  bool big_endian_ = false;
  std::string salt_;  // of this log; empty as long as it is not known
};

}  // namespace

std::uint32_t big_endian_32(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

std::uint32_t big_endian_16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) << 8U |
         static_cast<unsigned char>(bytes[at + 1]);
}

Result<std::unique_ptr<SalvageFile>> SalvageFile::open(const std::string& path) {
  auto database = Database::open(path, SQLITE_OPEN_READONLY);
  if (!database) {
    return fail_io("cannot open " + in_quotes(path) + ": " + database.error().message);
  }
  std::unique_ptr<SalvageFile> file(new SalvageFile(*std::move(database)));
  if (auto looked = file->look(path); !looked) {
    return fail(looked.error());
  }
  return file;
}

SalvageFile::~SalvageFile() {
  if (log_fd_ >= 0) {
    ::close(log_fd_);
  }
}

Result<void> SalvageFile::look(const std::string& path) {
  sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file_);
  sqlite3_int64 bytes = 0;
  if (file_->pMethods == nullptr || file_->pMethods->xFileSize(file_, &bytes) != SQLITE_OK) {
    return fail_io("cannot read " + in_quotes(path) + ": the disk reports an error");
  }
  file_bytes_ = static_cast<std::uint64_t>(bytes);
  header_ = read_file(0, header_bytes);
  if (header_.size() == header_bytes && has_magic()) {
    page_bytes_ = page_size(big_endian_16(header_, page_size_at));
  }
  // SQLite locks nothing on the log, so that it may be opened past it.
  log_fd_ = ::open(wal_path(path).c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (log_fd_ >= 0 && ::fstat(log_fd_, &status) == 0) {
    log_bytes_ = static_cast<std::uint64_t>(status.st_size);
  }
  read_log();
  std::uint64_t pages = (file_bytes_ + page_bytes_ - 1) / page_bytes_;
  for (const auto& [page, offset] : log_) {
    pages = std::max<std::uint64_t>(pages, page);
  }
  if (pages > pages_max) {
    return fail_io("cannot read " + in_quotes(path) + ": it has more pages than any tape");
  }
  page_count_ = static_cast<std::uint32_t>(pages);
  std::string buffer;
  header_ = std::string(read(1, buffer, header_bytes));
  usable_bytes_ = page_bytes_;
  if (header_.size() == header_bytes && has_magic()) {
    const auto reserved = static_cast<unsigned char>(header_[reserved_at]);
    // SQLite itself leaves at least 480 bytes.
    usable_bytes_ -= page_bytes_ - reserved >= 480 ? reserved : 0U;
  }
  return {};
}

bool SalvageFile::has_magic() const {
  return header_.starts_with(header_magic);
}

bool SalvageFile::is_cut() const {
  return file_bytes_ % page_bytes_ != 0;
}

void SalvageFile::read_log() {
  LogReader log(log_fd_, log_bytes_);
  const std::uint32_t by_log = log_fd_ < 0 ? 0 : log.read_header();
  if (page_bytes_ == 0) {
    page_bytes_ = by_log;
  }
  if (page_bytes_ == 0) {
    guess_page_size();
  }
  if (log_fd_ < 0 || (by_log != 0 && by_log != page_bytes_)) {
    return;
  }
  // A page far behind all others is no page of this tape, but a number that takes memory.
  const std::uint64_t page_max = file_bytes_ / page_bytes_ + log_bytes_ / page_bytes_ + 1;
  log_pages_damaged_ = log.read(page_bytes_, [&](std::uint32_t page, std::uint64_t offset) {
    if (page <= page_max) {
      log_[page] = offset;
    }
  });
}

/// How many pages look like those of a b-tree if they have this size.
std::size_t SalvageFile::count_pages(std::uint32_t page_bytes) const {
  std::size_t count = 0;
  const std::uint64_t pages = std::min(file_bytes_ / page_bytes, guessed_pages_max);
  for (std::uint64_t page = 1; page < pages; ++page) {
    const std::string head = read_file(page * page_bytes, page_header_bytes);
    if (head.size() < page_header_bytes) {
      break;
    }
    const auto type = static_cast<unsigned char>(head[0]);
    const std::uint32_t cells = big_endian_16(head, 3);
    const std::uint32_t content = big_endian_16(head, 5);
    const std::uint32_t begin = content == 0 ? page_bytes_most : content;
    if ((type == 2 || type == 5 || type == 10 || type == 13) && begin <= page_bytes &&
        page_header_bytes + 2 * std::size_t{cells} <= begin) {
      ++count;
    }
  }
  return count;
}

void SalvageFile::guess_page_size() {
  page_bytes_ = page_bytes_most;
  std::size_t most = count_pages(page_bytes_most);
  for (std::uint32_t bytes = page_bytes_most / 2; bytes >= page_bytes_least; bytes /= 2) {
    if (const std::size_t count = count_pages(bytes); count > most) {
      most = count;
      page_bytes_ = bytes;
    }
  }
}

std::string SalvageFile::read_file(std::uint64_t offset, std::size_t bytes) const {
  if (offset >= file_bytes_) {
    return {};
  }
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, file_bytes_ - offset)),
                   '\0');
  const int code = file_->pMethods->xRead(file_, text.data(), static_cast<int>(text.size()),
                                          static_cast<sqlite3_int64>(offset));
  return code == SQLITE_OK ? text : std::string{};
}

std::string_view SalvageFile::read(std::uint32_t page, std::string& buffer,
                                   std::size_t bytes_max) const {
  const std::size_t bytes = std::min<std::size_t>(page_bytes_, bytes_max);
  if (page == 0) {
    buffer.clear();
  } else if (const auto logged = log_.find(page); logged != log_.end()) {
    buffer = read_at(log_fd_, logged->second, bytes);
  } else {
    buffer = read_file((std::uint64_t{page} - 1) * page_bytes_, bytes);
  }
  return buffer;
}

}  // namespace tapedeck::schema
