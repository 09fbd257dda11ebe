#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "core/base/limits.hpp"
#include "schema/salvage_tables_private.hpp"
#include "schema/tape_file_private.hpp"

namespace tapedeck::schema {
namespace {

constexpr std::int64_t rowid_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t rowid_max = std::numeric_limits<std::int64_t>::max();

/// No b-tree of SQLite is deeper.
constexpr int depth_max = 20;

/// Numbers of a record stand before its texts and blobs, or behind them and are read later.
constexpr std::size_t start_bytes = 128;

/// Largest payload: what fits into a frame of the largest size and the rest of its row.
constexpr std::uint64_t payload_bytes_max = limits::frame_bytes_max + std::uint64_t{1024} * 1024;

/// Pages with rows of the same range that are read at the same time; a whole table has one.
constexpr std::size_t cursors_max = 64;

/// "Database File Format", section 1.3.
constexpr std::size_t first_free_at = 32;
constexpr std::size_t free_count_at = 36;
constexpr std::size_t encoding_at = 56;
/// The page with this byte is never used.
constexpr std::uint64_t lock_byte = 0x40000000;

constexpr std::string_view schema_shape = "tttiT";  // an index that a table makes has no text
constexpr std::string_view index_shape = "ii";

struct Shape {
  SavedTable table;
  std::string_view name;
  std::string_view values;
  bool has_rowid;
};

/// tape.sql, as records.
constexpr std::array<Shape, saved_tables> shapes{{
    {SavedTable::tape, "tape", "tt", false},
    {SavedTable::marks, "marks", "kiItt", true},
    {SavedTable::connections, "connections", "kiitittITTI", true},
    {SavedTable::frames, "frames", "kiiib", true},
    {SavedTable::reads, "reads", "iii", false},
    {SavedTable::gaps, "gaps", "kiiit", true},
    {SavedTable::exchanges, "exchanges", "kiitttbitb", true},
}};
/// What is noted of a page that rows overflow into: how many, 2 for more, and whether a tree leads
/// to them; others have no claim on it then.
constexpr unsigned claim_count = 3;
constexpr unsigned claim_owned = 4;

constexpr std::string_view index_name = "frames_by_time";

const Shape& shape_of(SavedTable table) {
  return shapes[static_cast<std::size_t>(table)];
}

bool holds_rows(PageKind kind, bool has_rowid) {
  return has_rowid ? kind == PageKind::table_leaf
                   : kind == PageKind::index_leaf || kind == PageKind::index_interior;
}

/// Keeps of `items` as many as can be in ascending order; the others are those that are out of
/// place.
template <class Item>
void keep_ascending(std::vector<Item>& items) {
  const auto in_place = [](const Item& a, const Item& b) { return a.key < b.key; };
  if (std::ranges::adjacent_find(
          items, [&](const Item& a, const Item& b) { return !in_place(a, b); }) == items.end()) {
    return;
  }
  std::vector<std::size_t> ends;  // of the best row of each length, its last item
  std::vector<std::size_t> before(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto longer = std::ranges::partition_point(
        ends, [&](std::size_t end) { return in_place(items[end], items[i]); });
    before[i] = longer == ends.begin() ? i : *(longer - 1);
    if (longer == ends.end()) {
      ends.push_back(i);
    } else {
      *longer = i;
    }
  }
  std::vector<Item> kept(ends.size());
  std::size_t at = ends.back();
  for (std::size_t i = ends.size(); i > 0; --i) {
    kept[i - 1] = items[at];
    at = before[at];
  }
  items = std::move(kept);
}

/// The definitions of a tape's tables, by their names.
std::map<std::string, std::string, std::less<>> definitions() {
  std::map<std::string, std::string, std::less<>> found;
  const auto blank = blank_tape();
  if (blank) {
    auto tables = blank->prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'");
    while (tables && tables->step() == SQLITE_ROW) {
      found.emplace(bytes_of(tables->value(0)), bytes_of(tables->value(1)));
    }
  }
  return found;
}

}  // namespace

std::string_view name_of(SavedTable table) {
  return shape_of(table).name;
}

std::uint64_t index_sum(std::int64_t recv_ns, std::int64_t seq) {
  std::uint64_t mixed =
      static_cast<std::uint64_t>(recv_ns) * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(seq);
  mixed ^= mixed >> 32U;
  return mixed * 0xbf58476d1ce4e5b9U;
}

SalvagedTape::SalvagedTape(const SalvageFile& file)
    : file_(file),
      decoder_(Database::open(":memory:", SQLITE_OPEN_READWRITE)),
      owners_(std::size_t{file.page_count()} + 1, Owner::nobody),
      claims_(std::size_t{file.page_count()} + 1, 0) {
  damaged_ = file.log_pages_damaged() != 0 || file.is_cut();
  if (const std::string& header = file.header();
      file.has_magic() && header.size() >= encoding_at + 4) {
    const std::uint32_t encoding = big_endian_32(header, encoding_at);
    const bool is_utf16 = encoding == SQLITE_UTF16LE || encoding == SQLITE_UTF16BE;
    encoding_ = is_utf16 ? static_cast<unsigned char>(encoding) : encoding_;
  }
  read_schema();
  follow_trees();
  note_free_pages();
  if (damaged_) {
    look_for_orphans();
  }
}

void SalvagedTape::note_damage(const Tree& tree) {
  damaged_ = true;
  if (tree.owner == Owner::table) {
    states_[static_cast<std::size_t>(tree.table)].damaged = true;
  } else if (tree.owner == Owner::index) {
    index_.damaged = true;
  }
}

void SalvagedTape::read_schema() {
  follow(1, {Owner::schema, {}}, 0, rowid_min, rowid_max);
  for (const Shape& shape : shapes) {
    TableState& state = states_[static_cast<std::size_t>(shape.table)];
    state.found = roots_[static_cast<std::size_t>(shape.table)] != 0;
    damaged_ = damaged_ || !state.found;
  }
  index_.found = index_root_ != 0;
  index_.damaged = !index_.found;
  damaged_ = damaged_ || index_.damaged;
}

void SalvagedTape::take_schema_row(const SalvagedRow& row) {
  static const auto made = definitions();
  has_schema_ = true;
  const std::string type = text_of(row, 0);
  const std::string name = text_of(row, 1);
  const std::int64_t root = row.integer(3);
  if (root == 0) {
    return;  // a view, a trigger, a virtual table
  }
  // A root that cannot be is one that leads nowhere.
  const bool is_there = root >= 1 && root <= file_.page_count();
  const auto page = is_there ? static_cast<std::uint32_t>(root) : file_.page_count() + 1;
  const auto shape = std::ranges::find(shapes, name, &Shape::name);
  if (type == "table" && shape != shapes.end()) {
    roots_[static_cast<std::size_t>(shape->table)] = page;
    const auto definition = made.find(name);
    tables_as_made_ += definition != made.end() && definition->second == text_of(row, 4) ? 1U : 0U;
  } else if (type == "index" && name == index_name) {
    index_root_ = page;
  } else {
    other_roots_.push_back(page);
    if (type == "table") {
      other_tables_.push_back(name);
    }
  }
}

void SalvagedTape::follow_trees() {
  for (const Shape& shape : shapes) {
    if (const std::uint32_t root = roots_[static_cast<std::size_t>(shape.table)]; root != 0) {
      follow(root, {Owner::table, shape.table}, 0, rowid_min, rowid_max);
    }
  }
  if (index_root_ != 0) {
    follow(index_root_, {Owner::index, {}}, 0, rowid_min, rowid_max);
  }
  for (const std::uint32_t root : other_roots_) {
    follow(root, {Owner::other, {}}, 0, rowid_min, rowid_max);
  }
}

void SalvagedTape::follow(std::uint32_t number, const Tree& tree, int depth, std::int64_t above,
                          std::int64_t most) {
  if (number == 0 || number > file_.page_count() || depth > depth_max ||
      owners_[number] != Owner::nobody) {
    note_damage(tree);
    return;
  }
  std::string buffer;
  const std::string_view page = file_.read(number, buffer);
  const PageHead head = page_head(page, number == 1, file_.usable_bytes());
  if (head.kind == PageKind::none || !take_content(number, page, head, tree, above, most)) {
    note_damage(tree);
    return;
  }
  owners_[number] = tree.owner;
  if (page.size() < file_.page_bytes()) {
    note_damage(tree);
  }
  if (is_interior(head.kind)) {
    follow_children(page, head, tree, depth, above, most);
  }
}

void SalvagedTape::follow_children(std::string_view page, const PageHead& head, const Tree& tree,
                                   int depth, std::int64_t above, std::int64_t most) {
  const bool has_rowids = head.kind == PageKind::table_interior;
  for (std::uint32_t i = 0; i < head.cell_count; ++i) {
    const auto cell = cell_at(page, head, i, file_.usable_bytes());
    if (!cell) {
      note_damage(tree);
      continue;
    }
    if (has_rowids && (cell->rowid <= above || cell->rowid > most)) {
      note_damage(tree);  // a wrong border does not keep anybody from what is behind it
      follow(cell->left_child, tree, depth + 1, rowid_min, rowid_max);
      continue;
    }
    follow(cell->left_child, tree, depth + 1, above, has_rowids ? cell->rowid : most);
    above = has_rowids ? cell->rowid : above;
  }
  follow(head.right_child, tree, depth + 1, above, most);
}

/// False: this is no page of that tree.
bool SalvagedTape::take_content(std::uint32_t number, std::string_view page, const PageHead& head,
                                const Tree& tree, std::int64_t above, std::int64_t most) {
  switch (tree.owner) {
    case Owner::table: {
      const bool has_rowid = shape_of(tree.table).has_rowid;
      if (holds_rows(head.kind, has_rowid)) {
        return take_rows(page, head, tree.table, {{}, {}, number, true, above, most});
      }
      return has_rowid && head.kind == PageKind::table_interior;
    }
    case Owner::index:
      if (!holds_rows(head.kind, false)) {
        return false;
      }
      take_index(page, head);
      return true;
    case Owner::schema: {
      SalvagedRow row;
      for (std::uint32_t i = 0; head.kind == PageKind::table_leaf && i < head.cell_count; ++i) {
        const auto cell = cell_at(page, head, i, file_.usable_bytes());
        const bool good = cell && claim(*cell, true) && assemble(*cell, true, row.payload) &&
                          read_record(row.payload, row.payload.size(), row.values);
        if (good && has_shape(row.values, schema_shape)) {
          take_schema_row(row);
        } else {
          damaged_ = true;
        }
      }
      return head.kind == PageKind::table_leaf || head.kind == PageKind::table_interior;
    }
    case Owner::nobody:
    case Owner::other:
    case Owner::freed:
      break;
  }
  return true;
}

std::string SalvagedTape::text_of(const SalvagedRow& row, std::size_t column) const {
  const std::string_view bytes = row.bytes(column);
  if (encoding_ == SQLITE_UTF8 || !decoder_) {
    return std::string(bytes);
  }
  auto decoded = decoder_->prepare("SELECT ?1");
  const bool is_there = decoded && decoded->bind_text(1, bytes, encoding_).step() == SQLITE_ROW;
  return std::string(is_there ? bytes_of(decoded->value(0)) : std::string_view{});
}

std::string_view SalvagedTape::start_of(const CellPlace& cell, std::string& buffer) const {
  const std::size_t wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(start_bytes, cell.payload_bytes));
  if (cell.local.size() >= wanted) {
    return cell.local;
  }
  std::string page;
  buffer = cell.local;
  std::uint32_t next = cell.overflow_page;
  while (buffer.size() < wanted && next != 0) {
    const std::string_view more = file_.read(next, page, start_bytes + 4);
    if (more.size() <= 4) {
      break;
    }
    next = big_endian_32(more, 0);
    buffer +=
        more.substr(4, std::min<std::size_t>(file_.usable_bytes() - 4, wanted - buffer.size()));
  }
  return buffer;
}

std::vector<SalvagedTape::RowPlace> SalvagedTape::rows_of(std::string_view page,
                                                          const PageHead& head, SavedTable table,
                                                          const SalvagedLeaf& leaf) const {
  const Shape& shape = shape_of(table);
  std::vector<RowPlace> rows;
  std::vector<SalvagedValue> values;
  std::string buffer;
  for (std::uint32_t i = 0; i < head.cell_count; ++i) {
    const auto cell = cell_at(page, head, i, file_.usable_bytes());
    if (!cell || cell->payload_bytes > payload_bytes_max ||
        !read_record(start_of(*cell, buffer), cell->payload_bytes, values) ||
        !has_shape(values, shape.values)) {
      continue;
    }
    RowKey key{0, cell->rowid};
    if (table == SavedTable::reads) {
      key = {values[0].integer, values[1].integer};
    } else if (table == SavedTable::tape) {
      key = {leaf.owned ? 0 : 1, std::int64_t{leaf.page} << 16U | i};
    }
    rows.push_back({key, i});
  }
  keep_ascending(rows);
  if (shape.has_rowid) {
    // What the tree says of the page, and the numbers of its neighbours, tell a wrong number.
    const auto fits = [&](std::size_t i) {
      const std::int64_t id = rows[i].key.second;
      return (id > leaf.above && id <= leaf.most) || (i > 0 && rows[i - 1].key.second == id - 1) ||
             (i + 1 < rows.size() && rows[i + 1].key.second - 1 == id);
    };
    std::vector<RowPlace> fitting;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fits(i)) {
        fitting.push_back(rows[i]);
      }
    }
    rows = std::move(fitting);
  }
  return rows;
}

/// False: there are cells, and none of them is a row of the table.
bool SalvagedTape::take_rows(std::string_view page, const PageHead& head, SavedTable table,
                             SalvagedLeaf leaf) {
  TableState& state = states_[static_cast<std::size_t>(table)];
  const std::vector<RowPlace> rows = rows_of(page, head, table, leaf);
  if (rows.empty() && head.cell_count != 0) {
    return false;
  }
  if (rows.size() < head.cell_count) {
    state.broken += head.cell_count - rows.size();
    damaged_ = true;
  }
  for (const RowPlace& row : rows) {
    if (!claim(*cell_at(page, head, row.cell, file_.usable_bytes()), leaf.owned)) {
      damaged_ = true;
    }
  }
  if (!rows.empty()) {
    leaf.first = rows.front().key;
    leaf.last = rows.back().key;
    leaves_[static_cast<std::size_t>(table)].push_back(leaf);
  }
  return true;
}

void SalvagedTape::take_index(std::string_view page, const PageHead& head) {
  std::vector<SalvagedValue> values;
  std::int64_t before = rowid_min;
  for (std::uint32_t i = 0; i < head.cell_count; ++i) {
    const auto cell = cell_at(page, head, i, file_.usable_bytes());
    if (!cell || cell->overflow_page != 0 ||
        !read_record(cell->local, cell->payload_bytes, values) || !has_shape(values, index_shape)) {
      index_.damaged = damaged_ = true;
      continue;
    }
    const std::int64_t seq = values[1].integer;
    ++index_.rows;
    index_.sum += index_sum(values[0].integer, seq);
    index_.seq_max = std::max(index_.seq_max, seq);
    if (before != rowid_min && seq == before + 1) {
      index_.seq_known = std::max(index_.seq_known, seq);
    }
    before = seq;
  }
}

std::uint64_t SalvagedTape::overflow_pages(const CellPlace& cell) const {
  const std::uint64_t each = file_.usable_bytes() - 4;
  return (cell.payload_bytes - cell.local.size() + each - 1) / each;
}

/// Notes the pages that a row overflows into. False: they are not all there, or are another's.
bool SalvagedTape::claim(const CellPlace& cell, bool owned) {
  std::uint32_t page = cell.overflow_page;
  std::string buffer;
  for (std::uint64_t left = overflow_pages(cell); left > 0; --left) {
    // A page that two have claimed is of no use to a third one, nor is what follows it.
    if (page == 0 || page > file_.page_count() || (claims_[page] & claim_count) == 2 ||
        (!owned && (claims_[page] & claim_owned) != 0)) {
      return false;
    }
    claims_[page] = static_cast<std::uint8_t>((claims_[page] + 1U) | (owned ? claim_owned : 0U));
    const std::string_view next = file_.read(page, buffer, 4);
    if (next.size() < 4) {
      return false;
    }
    page = big_endian_32(next, 0);
  }
  return page == 0;
}

bool SalvagedTape::assemble(const CellPlace& cell, bool owned, std::string& payload) const {
  const unsigned wanted = 1U | (owned ? claim_owned : 0U);
  std::uint64_t left = cell.payload_bytes - cell.local.size();
  if (cell.payload_bytes > payload_bytes_max ||
      left > std::uint64_t{file_.page_count()} * file_.page_bytes()) {
    return false;
  }
  payload = cell.local;
  std::uint32_t page = cell.overflow_page;
  std::string buffer;
  while (left > 0) {
    if (page == 0 || page > file_.page_count() || claims_[page] != wanted ||
        owners_[page] != Owner::nobody) {
      return false;
    }
    const std::string_view more = file_.read(page, buffer);
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, file_.usable_bytes() - 4));
    if (more.size() < bytes + 4) {
      return false;
    }
    page = big_endian_32(more, 0);
    payload += more.substr(4, bytes);
    left -= bytes;
  }
  return page == 0;
}

/// Free pages may hold rows that were removed. A list that does not add up is not believed.
void SalvagedTape::note_free_pages() {
  const std::string& header = file_.header();
  if (!file_.has_magic() || header.size() < free_count_at + 4) {
    return;
  }
  const std::uint32_t count = big_endian_32(header, free_count_at);
  std::vector<std::uint32_t> pages;
  std::string buffer;
  std::uint32_t trunk = big_endian_32(header, first_free_at);
  while (trunk != 0 && trunk <= file_.page_count() && pages.size() < count) {
    const std::string_view page = file_.read(trunk, buffer);
    if (page.size() < 8) {
      break;
    }
    pages.push_back(trunk);
    const std::uint32_t leaves = big_endian_32(page, 4);
    for (std::uint32_t i = 0;
         i < leaves && 8 + 4 * (std::size_t{i} + 1) <= page.size() && pages.size() < count; ++i) {
      pages.push_back(big_endian_32(page, 8 + 4 * std::size_t{i}));
    }
    trunk = big_endian_32(page, 0);
  }
  const bool adds_up =
      trunk == 0 && pages.size() == count && std::ranges::all_of(pages, [&](std::uint32_t page) {
        return page != 0 && page <= file_.page_count() && owners_[page] == Owner::nobody &&
               claims_[page] == 0;
      });
  if (!adds_up) {
    damaged_ = true;
    return;
  }
  for (const std::uint32_t page : pages) {
    owners_[page] = Owner::freed;
  }
}

void SalvagedTape::take_orphan(std::uint32_t number, std::string_view page, const PageHead& head) {
  std::vector<SalvagedValue> values;
  std::string buffer;
  for (std::uint32_t i = 0; i < head.cell_count; ++i) {
    const auto cell = cell_at(page, head, i, file_.usable_bytes());
    if (!cell || !read_record(start_of(*cell, buffer), cell->payload_bytes, values)) {
      continue;
    }
    if (holds_rows(head.kind, false) && has_shape(values, index_shape)) {
      owners_[number] = Owner::index;
      take_index(page, head);
      return;
    }
    const auto shape = std::ranges::find_if(shapes, [&](const Shape& candidate) {
      return holds_rows(head.kind, candidate.has_rowid) && has_shape(values, candidate.values);
    });
    if (shape != shapes.end() &&
        take_rows(page, head, shape->table, {{}, {}, number, false, rowid_min, rowid_max})) {
      owners_[number] = Owner::table;
      ++states_[static_cast<std::size_t>(shape->table)].orphans;
      return;
    }
  }
}

void SalvagedTape::look_for_orphans() {
  std::string buffer;
  const auto lock_page = static_cast<std::uint32_t>(lock_byte / file_.page_bytes()) + 1;
  std::vector<std::uint32_t> unknown;
  for (std::uint32_t number = 1; number <= file_.page_count(); ++number) {
    if (owners_[number] != Owner::nobody || claims_[number] != 0 || number == lock_page) {
      continue;
    }
    const std::string_view page = file_.read(number, buffer);
    const PageHead head = page_head(page, number == 1, file_.usable_bytes());
    if (head.kind != PageKind::none) {
      take_orphan(number, page, head);
    }
    const bool is_empty_or_inner = head.kind == PageKind::table_interior ||
                                   (head.kind != PageKind::none && head.cell_count == 0);
    if (owners_[number] == Owner::nobody && !is_empty_or_inner && number != 1) {
      unknown.push_back(number);
    }
  }
  // Rows that were found later may reach into pages that were looked at before.
  pages_unknown_ = static_cast<std::uint64_t>(
      std::ranges::count_if(unknown, [&](std::uint32_t page) { return claims_[page] == 0; }));
}

struct SalvagedRows::Cursor {
  std::string page;
  PageHead head;
  bool owned = false;
  std::vector<SalvagedTape::RowPlace> rows;
  std::size_t at = 0;

  [[nodiscard]] const RowKey& key() const { return rows[at].key; }
};

SalvagedRows::SalvagedRows(const SalvagedTape& tape, SavedTable table)
    : tape_(tape), table_(table), leaves_(tape.leaves_[static_cast<std::size_t>(table)]) {
  std::ranges::sort(leaves_, {}, [](const SalvagedLeaf& leaf) {
    return std::tuple(leaf.first, !leaf.owned, leaf.page);
  });
}

SalvagedRows::~SalvagedRows() = default;

/// Opens the pages that the next row may be on.
void SalvagedRows::activate() {
  const auto least = [&] {
    return (*std::ranges::min_element(active_, {},
                                      [](const auto& cursor) { return cursor->key(); }))
        ->key();
  };
  while (next_leaf_ < leaves_.size() && (active_.empty() || leaves_[next_leaf_].first <= least())) {
    const SalvagedLeaf& leaf = leaves_[next_leaf_++];
    if (active_.size() >= cursors_max) {
      ++unreadable_;
      continue;
    }
    auto cursor = std::make_unique<Cursor>();
    const SalvageFile& file = tape_.file();
    cursor->head =
        page_head(file.read(leaf.page, cursor->page), leaf.page == 1, file.usable_bytes());
    cursor->owned = leaf.owned;
    cursor->rows = tape_.rows_of(cursor->page, cursor->head, table_, leaf);
    if (!cursor->rows.empty()) {
      active_.push_back(std::move(cursor));
    }
  }
}

bool SalvagedRows::read(const Cursor& cursor, SalvagedRow& row) {
  const auto cell =
      cell_at(cursor.page, cursor.head, cursor.rows[cursor.at].cell, tape_.file().usable_bytes());
  row.key = cursor.key();
  return cell && tape_.assemble(*cell, cursor.owned, row.payload) &&
         read_record(row.payload, row.payload.size(), row.values) &&
         has_shape(row.values, shape_of(table_).values);
}

bool SalvagedRows::next(SalvagedRow& row) {
  while (true) {
    activate();
    if (active_.empty()) {
      return false;
    }
    const auto first = std::ranges::min_element(
        active_, {}, [](const auto& cursor) { return std::pair(cursor->key(), !cursor->owned); });
    const bool is_new = !any_ || (*first)->key() > last_;
    const bool good = is_new && read(**first, row);
    unreadable_ += is_new && !good ? 1U : 0U;
    if (++(*first)->at == (*first)->rows.size()) {
      active_.erase(first);
    }
    if (good) {
      any_ = true;
      last_ = row.key;
      return true;
    }
  }
}

}  // namespace tapedeck::schema
