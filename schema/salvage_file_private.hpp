// The pages of a tape that may be damaged in any way, read past SQLite, with those of its
// write-ahead log on top. Private to schema/.
//
// Reads only. Of the log every page counts that a commit follows and that its checksum vouches for,
// behind a page that is damaged too, where SQLite itself would stop. Nothing that stands in the
// file is believed: whatever it holds, a call ends, and touches no byte that is not there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.hpp"
#include "schema/sqlite_private.hpp"

namespace tapedeck::schema {

/// A number in the file: big-endian, as all of SQLite's. The bytes must be there.
[[nodiscard]] std::uint32_t big_endian_32(std::string_view bytes, std::size_t at);
[[nodiscard]] std::uint32_t big_endian_16(std::string_view bytes, std::size_t at);

class SalvageFile {
 public:
  /// `path` is absolute, without symbolic links, and nothing of this process records there.
  [[nodiscard]] static Result<std::unique_ptr<SalvageFile>> open(const std::string& path);
  SalvageFile(const SalvageFile&) = delete;
  SalvageFile& operator=(const SalvageFile&) = delete;
  ~SalvageFile();

  /// From 512 to 65536: as the header says, as the log says, or as most pages look.
  [[nodiscard]] std::uint32_t page_bytes() const { return page_bytes_; }
  /// Of a page, what SQLite uses.
  [[nodiscard]] std::uint32_t usable_bytes() const { return usable_bytes_; }
  /// Pages are numbered from 1 to this.
  [[nodiscard]] std::uint32_t page_count() const { return page_count_; }

  /// The first `bytes_max` bytes of a page, in `buffer`: fewer where the file is cut off, none
  /// where the disk reports an error or there is no such page.
  [[nodiscard]] std::string_view read(std::uint32_t page, std::string& buffer,
                                      std::size_t bytes_max = SIZE_MAX) const;

  /// The bytes of the header, as far as they are there.
  [[nodiscard]] const std::string& header() const { return header_; }
  /// They begin as those of an SQLite database.
  [[nodiscard]] bool has_magic() const;

  /// Pages of the log that are damaged; at its end they may be some that were never finished.
  [[nodiscard]] std::uint64_t log_pages_damaged() const { return log_pages_damaged_; }
  /// Pages of the log that count.
  [[nodiscard]] std::size_t log_pages() const { return log_.size(); }
  /// The last page is not all there.
  [[nodiscard]] bool is_cut() const;

 private:
  explicit SalvageFile(Database database) : database_(std::move(database)) {}

  Result<void> look(const std::string& path);
  void read_log();
  void guess_page_size();
  [[nodiscard]] std::size_t count_pages(std::uint32_t page_bytes) const;
  [[nodiscard]] std::string read_file(std::uint64_t offset, std::size_t bytes) const;

  Database database_;  // of it only the file is used
  sqlite3_file* file_ = nullptr;
  std::uint64_t file_bytes_ = 0;
  int log_fd_ = -1;
  std::uint64_t log_bytes_ = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> log_;  // page to where in the log it stands
  std::uint64_t log_pages_damaged_ = 0;
  std::string header_;
  std::uint32_t page_bytes_ = 0;
  std::uint32_t usable_bytes_ = 0;
  std::uint32_t page_count_ = 0;
};

}  // namespace tapedeck::schema
