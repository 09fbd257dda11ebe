#include <algorithm>
#include <limits>

#include "schema/salvage_file_private.hpp"
#include "schema/salvage_record_private.hpp"

namespace tapedeck::schema {
namespace {

constexpr std::size_t first_page_header_bytes = 100;
constexpr std::size_t leaf_head_bytes = 8;
constexpr std::size_t interior_head_bytes = 12;

/// Takes a number of one to nine bytes off the front. False: it is not all there.
bool take_varint(std::string_view& bytes, std::uint64_t& number) {
  number = 0;
  for (std::size_t i = 0; i < 9 && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    number = i == 8 ? number << 8U | byte : number << 7U | (byte & 0x7fU);
    if (i == 8 || (byte & 0x80U) == 0) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

/// Of a payload, the part that stands on the page itself.
std::uint64_t local_bytes(std::uint64_t payload_bytes, bool is_table, std::uint64_t usable_bytes) {
  const std::uint64_t most = is_table ? usable_bytes - 35 : (usable_bytes - 12) * 64 / 255 - 23;
  if (payload_bytes <= most) {
    return payload_bytes;
  }
  const std::uint64_t least = (usable_bytes - 12) * 32 / 255 - 23;
  const std::uint64_t fitting = least + (payload_bytes - least) % (usable_bytes - 4);
  return fitting <= most ? fitting : least;
}

/// A big-endian number with a sign.
std::int64_t signed_number(std::string_view bytes) {
  std::uint64_t number = !bytes.empty() && (bytes[0] & '\x80') != 0 ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes) {
    number = number << 8U | static_cast<unsigned char>(byte);
  }
  return static_cast<std::int64_t>(number);
}

/// The type of a value by its serial type; false: there is no such type.
bool describe(std::uint64_t serial, SalvagedValue& value) {
  using Kind = SalvagedValue::Kind;
  constexpr std::uint64_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  value = {};
  if (serial >= 12) {
    value.kind = serial % 2 == 0 ? Kind::blob : Kind::text;
    value.bytes = (serial - 12) / 2;
    return true;
  }
  if (serial > 9) {
    return false;
  }
  value.kind = serial == 0 ? Kind::null : serial == 7 ? Kind::real : Kind::integer;
  value.bytes = sizes[serial];
  value.integer = serial == 9 ? 1 : 0;
  return true;
}

}  // namespace

PageHead page_head(std::string_view page, bool is_first, std::uint32_t usable_bytes) {
  PageHead head;
  const std::size_t at = is_first ? first_page_header_bytes : 0;
  if (page.size() < at + interior_head_bytes) {
    return head;
  }
  switch (const auto kind = static_cast<PageKind>(page[at])) {
    case PageKind::index_interior:
    case PageKind::table_interior:
    case PageKind::index_leaf:
    case PageKind::table_leaf:
      head.kind = kind;
      break;
    case PageKind::none:
    default:
      return head;
  }
  const bool interior = is_interior(head.kind);
  head.cell_count = big_endian_16(page, at + 3);
  head.right_child = interior ? big_endian_32(page, at + 8) : 0;
  head.cells_at = at + (interior ? interior_head_bytes : leaf_head_bytes);
  const std::uint32_t content = big_endian_16(page, at + 5);
  const std::size_t begin = content == 0 ? 65'536 : content;
  if (begin > usable_bytes || head.cells_at + 2 * std::size_t{head.cell_count} > begin) {
    head.kind = PageKind::none;
  }
  return head;
}

std::optional<CellPlace> cell_at(std::string_view page, const PageHead& head, std::uint32_t index,
                                 std::uint32_t usable_bytes) {
  const std::size_t place_at = head.cells_at + 2 * std::size_t{index};
  if (place_at + 2 > page.size()) {
    return std::nullopt;
  }
  const std::size_t cells_end = head.cells_at + 2 * std::size_t{head.cell_count};
  const std::size_t place = big_endian_16(page, place_at);
  page = page.substr(0, usable_bytes);
  if (place < cells_end || place >= page.size()) {
    return std::nullopt;
  }
  std::string_view bytes = page.substr(place);
  CellPlace cell;
  if (is_interior(head.kind)) {
    if (bytes.size() < 4) {
      return std::nullopt;
    }
    cell.left_child = big_endian_32(bytes, 0);
    bytes.remove_prefix(4);
  }
  const bool is_table = head.kind == PageKind::table_leaf || head.kind == PageKind::table_interior;
  std::uint64_t rowid = 0;
  if ((head.kind != PageKind::table_interior && !take_varint(bytes, cell.payload_bytes)) ||
      (is_table && !take_varint(bytes, rowid))) {
    return std::nullopt;
  }
  cell.rowid = static_cast<std::int64_t>(rowid);
  if (head.kind == PageKind::table_interior) {
    return cell;
  }
  const std::uint64_t local = local_bytes(cell.payload_bytes, is_table, usable_bytes);
  const bool overflows = local < cell.payload_bytes;
  if (local + (overflows ? 4 : 0) > bytes.size()) {
    return std::nullopt;
  }
  cell.local = bytes.substr(0, static_cast<std::size_t>(local));
  cell.overflow_page = overflows ? big_endian_32(bytes, static_cast<std::size_t>(local)) : 0;
  return cell;
}

bool read_record(std::string_view start, std::uint64_t payload_bytes,
                 std::vector<SalvagedValue>& values) {
  values.clear();
  std::string_view header = start;
  std::uint64_t header_bytes = 0;
  if (!take_varint(header, header_bytes) || header_bytes > start.size() ||
      header_bytes < start.size() - header.size()) {
    return false;
  }
  header = start.substr(start.size() - header.size(),
                        static_cast<std::size_t>(header_bytes) - (start.size() - header.size()));
  std::uint64_t at = header_bytes;
  while (!header.empty()) {
    std::uint64_t serial = 0;
    SalvagedValue value;
    if (!take_varint(header, serial) || !describe(serial, value) ||
        value.bytes > payload_bytes - at) {
      return false;
    }
    value.at = at;
    at += value.bytes;
    if (value.kind == SalvagedValue::Kind::integer && value.bytes != 0 && at <= start.size()) {
      value.integer = signed_number(
          start.substr(static_cast<std::size_t>(value.at), static_cast<std::size_t>(value.bytes)));
    }
    values.push_back(value);
  }
  return at == payload_bytes;
}

bool has_shape(const std::vector<SalvagedValue>& values, std::string_view shape) {
  using Kind = SalvagedValue::Kind;
  const auto fits = [](const SalvagedValue& value, char letter) {
    switch (letter) {
      case 'k':
        return value.kind == Kind::null;
      case 'i':
        return value.kind == Kind::integer;
      case 'I':
        return value.kind == Kind::integer || value.kind == Kind::null;
      case 't':
        return value.kind == Kind::text;
      case 'T':
        return value.kind == Kind::text || value.kind == Kind::null;
      case 'b':
        return value.kind == Kind::blob;
      default:
        return false;
    }
  };
  return std::ranges::equal(values, shape, fits);
}

}  // namespace tapedeck::schema
