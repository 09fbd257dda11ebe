#include "schema/tape_marks.hpp"

#include <algorithm>
#include <initializer_list>

#include "core/base/units.hpp"
#include "core/base/utf8.hpp"
#include "schema/rows_private.hpp"
#include "schema/tape_change_private.hpp"

namespace tapedeck::schema {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Runs one statement in the change. False: `change.failure()` tells.
bool run_in(const TapeChange& change, const char* sql, std::initializer_list<Cell> cells) {
  auto statement = change.database().prepare(sql);
  return statement && run_with(*statement, cells) == SQLITE_OK;
}

}  // namespace

Result<void> check_mark_text(std::string_view text) {
  if (text.empty()) {
    return fail_usage("a mark needs a text");
  }
  if (text.size() > mark_bytes_max) {
    return fail_usage("the text of a mark has " + format_bytes(mark_bytes_max) + " at most");
  }
  if (!is_valid_utf8(text) || std::ranges::any_of(text, is_control)) {
    return fail_usage("the text of a mark is one line of UTF-8, without control characters");
  }
  return {};
}

Result<std::int64_t> add_mark(const std::string& path, std::int64_t at_ns, std::string_view text) {
  if (auto checked = check_mark_text(text); !checked) {
    return fail(checked.error());
  }
  const auto change = TapeChange::begin(path);
  if (!change) {
    return fail(change.error());
  }
  const auto last = last_ns((*change)->database());
  if (!last) {
    return fail_io("cannot change " + in_quotes(path) + ": " + last.error().message);
  }
  if (at_ns < 0 || at_ns > *last) {
    return fail_usage(in_quotes(path) + " ends at " +
                      format_duration(std::max<std::int64_t>(*last, 0)) +
                      ": there is nothing to mark at " + format_duration(at_ns));
  }
  if (!run_in(**change, "INSERT INTO marks (at_ns, kind, note) VALUES (?1, ?2, ?3)",
              {at_ns, mark_kind, text})) {
    return (*change)->failure();
  }
  const std::int64_t id = sqlite3_last_insert_rowid((*change)->database().handle());
  if (auto finished = (*change)->finish(); !finished) {
    return fail(finished.error());
  }
  return id;
}

Result<void> remove_mark(const std::string& path, std::int64_t id) {
  const auto change = TapeChange::begin(path);
  if (!change) {
    return fail(change.error());
  }
  if (!run_in(**change, "DELETE FROM marks WHERE id = ?1 AND kind = ?2", {id, mark_kind})) {
    return (*change)->failure();
  }
  if (sqlite3_changes((*change)->database().handle()) == 0) {
    return fail_usage(in_quotes(path) + " has no mark " + std::to_string(id) +
                      "; 'tapedeck mark' lists them");
  }
  return (*change)->finish();
}

}  // namespace tapedeck::schema
