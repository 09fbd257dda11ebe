// The rows of a tape that may be damaged in any way, table by table. Private to schema/.
//
// First the b-trees are followed from the roots that the schema names. Where one is broken, its
// leaves are looked for among the pages that no tree, no list of free pages and no row accounts
// for, and are known by the types of their values: so a lost interior page, root or schema costs no
// frame. A page that could be two things is neither: rows that share a page of their overflow are
// lost. Memory grows with the number of pages, by some bytes for each, and not with what is on
// them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/salvage_file_private.hpp"
#include "schema/salvage_record_private.hpp"

namespace tapedeck::schema {

enum class SavedTable : std::uint8_t { tape, marks, connections, frames, reads, gaps, exchanges };
inline constexpr std::size_t saved_tables = 7;

[[nodiscard]] std::string_view name_of(SavedTable table);

/// What the rows of a table are ordered by: the number of a row behind a zero; of a read its
/// connection and its offset; of a value of the tape where it was found.
struct RowKey {
  std::int64_t first = 0;
  std::int64_t second = 0;
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

/// A row and its bytes.
struct SalvagedRow {
  RowKey key;
  std::string payload;
  std::vector<SalvagedValue> values;

  [[nodiscard]] std::int64_t integer(std::size_t column) const { return values[column].integer; }
  [[nodiscard]] bool is_null(std::size_t column) const {
    return values[column].kind == SalvagedValue::Kind::null;
  }
  [[nodiscard]] std::string_view bytes(std::size_t column) const {
    return std::string_view(payload).substr(static_cast<std::size_t>(values[column].at),
                                            static_cast<std::size_t>(values[column].bytes));
  }
};

/// What became of a table.
struct TableState {
  bool found = false;         ///< the schema names its root
  bool damaged = false;       ///< its tree is broken
  std::uint64_t broken = 0;   ///< cells that are no rows of the table
  std::uint64_t orphans = 0;  ///< pages of it that its tree does not lead to
};

/// What the index of the frames by their times tells of them.
struct IndexState {
  bool found = false;
  bool damaged = false;
  std::uint64_t rows = 0;
  std::uint64_t sum = 0;       ///< over all rows, of index_sum
  std::int64_t seq_max = 0;    ///< the largest there is
  std::int64_t seq_known = 0;  ///< the largest beside its neighbour
};

/// A fingerprint of an entry, to be added up.
[[nodiscard]] std::uint64_t index_sum(std::int64_t recv_ns, std::int64_t seq);

/// A page with rows of a table.
struct SalvagedLeaf {
  RowKey first;
  RowKey last;
  std::uint32_t page = 0;
  bool owned = false;      ///< its tree leads to it
  std::int64_t above = 0;  ///< as its tree says: the numbers of its rows are past this ...
  std::int64_t most = 0;   ///< ... and no larger than this
};

class SalvagedTape {
 public:
  /// Looks for everything. `file` must outlive it.
  explicit SalvagedTape(const SalvageFile& file);

  [[nodiscard]] const SalvageFile& file() const { return file_; }
  /// The page with the list of tables can be read.
  [[nodiscard]] bool has_schema() const { return has_schema_; }
  /// Of the tables that make a tape, those that the schema has word for word.
  [[nodiscard]] std::size_t tables_as_made() const { return tables_as_made_; }
  /// Tables that are none of a tape's.
  [[nodiscard]] const std::vector<std::string>& other_tables() const { return other_tables_; }
  [[nodiscard]] const TableState& state(SavedTable table) const {
    return states_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] const IndexState& index() const { return index_; }
  /// A text of a row, in UTF-8 whatever it is in the file.
  [[nodiscard]] std::string text_of(const SalvagedRow& row, std::size_t column) const;
  /// Pages that are nothing that can be told; 0 where nothing was found to be damaged.
  [[nodiscard]] std::uint64_t pages_unknown() const { return pages_unknown_; }
  /// Something is not as SQLite would have it.
  [[nodiscard]] bool is_damaged() const { return damaged_; }

 private:
  friend class SalvagedRows;

  /// Who a page belongs to.
  enum class Owner : std::uint8_t { nobody, table, index, schema, other, freed };
  struct RowPlace {
    RowKey key;
    std::uint32_t cell = 0;
  };
  struct Tree {
    Owner owner = Owner::other;
    SavedTable table = SavedTable::tape;
  };

  void read_schema();
  void take_schema_row(const SalvagedRow& row);
  void follow_trees();
  void follow(std::uint32_t page, const Tree& tree, int depth, std::int64_t above,
              std::int64_t most);
  void follow_children(std::string_view page, const PageHead& head, const Tree& tree, int depth,
                       std::int64_t above, std::int64_t most);
  bool take_content(std::uint32_t number, std::string_view page, const PageHead& head,
                    const Tree& tree, std::int64_t above, std::int64_t most);
  bool take_rows(std::string_view page, const PageHead& head, SavedTable table, SalvagedLeaf leaf);
  void take_index(std::string_view page, const PageHead& head);
  void take_orphan(std::uint32_t number, std::string_view page, const PageHead& head);
  void look_for_orphans();
  void note_free_pages();
  void note_damage(const Tree& tree);

  [[nodiscard]] std::vector<RowPlace> rows_of(std::string_view page, const PageHead& head,
                                              SavedTable table, const SalvagedLeaf& leaf) const;
  /// The start of the payload, as far as numbers stand in it.
  [[nodiscard]] std::string_view start_of(const CellPlace& cell, std::string& buffer) const;
  bool claim(const CellPlace& cell, bool owned);
  [[nodiscard]] bool assemble(const CellPlace& cell, bool owned, std::string& payload) const;
  [[nodiscard]] std::uint64_t overflow_pages(const CellPlace& cell) const;

  const SalvageFile& file_;
  Result<Database> decoder_;  // SQLite itself knows best how to read what it wrote
  unsigned char encoding_ = SQLITE_UTF8;
  std::vector<Owner> owners_;         // by page
  std::vector<std::uint8_t> claims_;  // by page: which rows overflow into it
  std::array<TableState, saved_tables> states_;
  std::array<std::vector<SalvagedLeaf>, saved_tables> leaves_;
  std::array<std::uint32_t, saved_tables> roots_{};
  IndexState index_;
  std::uint32_t index_root_ = 0;
  std::vector<std::uint32_t> other_roots_;
  std::vector<std::string> other_tables_;
  bool has_schema_ = false;
  bool damaged_ = false;
  std::size_t tables_as_made_ = 0;
  std::uint64_t pages_unknown_ = 0;
};

/// The rows of a table in the order of their keys, each key once; what a tree leads to comes before
/// what was found beside it.
class SalvagedRows {
 public:
  /// `tape` must outlive it.
  SalvagedRows(const SalvagedTape& tape, SavedTable table);
  SalvagedRows(const SalvagedRows&) = delete;
  SalvagedRows& operator=(const SalvagedRows&) = delete;
  ~SalvagedRows();

  /// False: there is none any more.
  [[nodiscard]] bool next(SalvagedRow& row);

  /// Rows so far whose bytes are not all there.
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

 private:
  struct Cursor;

  void activate();
  bool read(const Cursor& cursor, SalvagedRow& row);

  const SalvagedTape& tape_;
  SavedTable table_;
  std::vector<SalvagedLeaf> leaves_;
  std::size_t next_leaf_ = 0;
  std::vector<std::unique_ptr<Cursor>> active_;
  RowKey last_;
  bool any_ = false;
  std::uint64_t unreadable_ = 0;
};

}  // namespace tapedeck::schema
