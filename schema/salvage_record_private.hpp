// Cells and records of SQLite's b-tree pages, read from bytes that nobody vouches for ("Database
// File Format", sections 1.6 and 2.1). Private to schema/.
//
// What does not add up to the last byte is no record: the parts of its header, the sizes it names
// and the bytes that are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tapedeck::schema {

enum class PageKind : std::uint8_t {
  none,  ///< not a page of a b-tree
  index_interior = 2,
  table_interior = 5,
  index_leaf = 10,
  table_leaf = 13,
};

[[nodiscard]] inline bool is_interior(PageKind kind) {
  return kind == PageKind::table_interior || kind == PageKind::index_interior;
}

/// What the first bytes of a page of a b-tree say.
struct PageHead {
  PageKind kind = PageKind::none;
  std::uint32_t cell_count = 0;
  std::uint32_t right_child = 0;  ///< of an interior page
  std::size_t cells_at = 0;       ///< where the places of the cells stand
};

/// `page` is what is there of it; `is_first`: it begins with the header of the file.
[[nodiscard]] PageHead page_head(std::string_view page, bool is_first, std::uint32_t usable_bytes);

/// A cell: what it holds stands on its page, or begins there.
struct CellPlace {
  std::uint32_t left_child = 0;  ///< of an interior page
  std::int64_t rowid = 0;        ///< of a table
  std::uint64_t payload_bytes = 0;
  std::string_view local;           ///< the part of the payload on the page
  std::uint32_t overflow_page = 0;  ///< where the rest begins; 0: there is none
};

/// The cell `index`, or nothing where there is none.
[[nodiscard]] std::optional<CellPlace> cell_at(std::string_view page, const PageHead& head,
                                               std::uint32_t index, std::uint32_t usable_bytes);

/// A value of a record; borrows its bytes.
struct SalvagedValue {
  enum class Kind : std::uint8_t { null, integer, real, text, blob };
  Kind kind = Kind::null;
  std::int64_t integer = 0;
  std::uint64_t at = 0;  ///< of a text or a blob: where in the payload it stands
  std::uint64_t bytes = 0;
};

/// The values of a record whose payload begins with `start` and is `payload_bytes` long. A number
/// behind `start` is 0.
[[nodiscard]] bool read_record(std::string_view start, std::uint64_t payload_bytes,
                               std::vector<SalvagedValue>& values);

/// Whether the values are of the types that `shape` has a letter for: `k` the place of the row's
/// key, which is empty; `i` integer, `t` text, `b` blob; `I`, `T` the same or NULL.
[[nodiscard]] bool has_shape(const std::vector<SalvagedValue>& values, std::string_view shape);

}  // namespace tapedeck::schema
