#include "schema/tape_index.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "schema/rows_private.hpp"
#include "schema/tape_change_private.hpp"
#include "schema/tape_index_private.hpp"
#include "schema/tape_reader_private.hpp"

namespace tapedeck::schema {
namespace {

constexpr std::string_view table = "checkpoints";

/// FORMAT.md explains it. SQLite keeps this text, and it is compared with it.
constexpr const char* table_sql =
    "CREATE TABLE checkpoints (\n"
    "  seq     INTEGER PRIMARY KEY,  -- of the last frame that it takes in\n"
    "  version INTEGER NOT NULL,     -- of `state`: who knows another one leaves it alone\n"
    "  state   BLOB    NOT NULL      -- what was derived of the frames up to there\n"
    ") STRICT";

/// What a death can cost of an index that is being made.
constexpr std::size_t commit_bytes = std::size_t{16} * 1024 * 1024;

/// What a table of checkpoints is like.
Result<std::string> expected_definition() {
  const auto blank = Database::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!blank) {
    return fail(blank.error());
  }
  if (blank->run(table_sql) != SQLITE_OK) {
    return fail_io(blank->why());
  }
  return definition_of(*blank, table);
}

}  // namespace

Result<bool> has_index(const Database& database) {
  const auto found = definition_of(database, table);
  if (!found) {
    return fail(found.error());
  }
  if (found->empty()) {
    return false;
  }
  const auto expected = expected_definition();
  if (!expected) {
    return fail(expected.error());
  }
  return *found == *expected;
}

struct TapeIndex::Impl {
  std::unique_ptr<TapeChange> change;
  std::optional<Statement> insert;
  std::size_t uncommitted_bytes = 0;

  Result<void> run(const char* sql) const {
    if (change->database().run(sql) != SQLITE_OK) {
      return change->failure();
    }
    return {};
  }
};

TapeIndex::TapeIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TapeIndex::~TapeIndex() = default;

Result<std::unique_ptr<TapeIndex>> TapeIndex::change(const std::string& path) {
  auto change = TapeChange::begin(path);
  if (!change) {
    return fail(change.error());
  }
  const auto found = definition_of((*change)->database(), table);
  const auto index = has_index((*change)->database());
  if (!found || !index) {
    return (*change)->failure();
  }
  if (!found->empty() && !*index) {
    return fail_io(in_quotes(path) +
                   " has a table 'checkpoints' that tapedeck did not make; "
                   "rename it");
  }
  auto impl = std::make_unique<Impl>();
  impl->change = *std::move(change);
  return std::unique_ptr<TapeIndex>(new TapeIndex(std::move(impl)));
}

Result<void> TapeIndex::clear() {
  impl_->insert.reset();
  return impl_->run("DROP TABLE IF EXISTS checkpoints");
}

Result<void> TapeIndex::add(std::uint64_t seq, std::uint32_t version, std::string_view state) {
  const Database& database = impl_->change->database();
  if (!impl_->insert) {
    const auto index = has_index(database);
    if (!index) {
      return impl_->change->failure();
    }
    if (auto made = *index ? Result<void>() : impl_->run(table_sql); !made) {
      return made;
    }
    auto insert =
        database.prepare("INSERT INTO checkpoints (seq, version, state) VALUES (?1, ?2, ?3)");
    if (!insert) {
      return impl_->change->failure();
    }
    impl_->insert.emplace(*std::move(insert));
  }
  const Cell row[] = {static_cast<std::int64_t>(seq), std::int64_t{version}, Cell::blob(state)};
  if (run_with(*impl_->insert, row) != SQLITE_OK) {
    return impl_->change->failure();
  }
  impl_->uncommitted_bytes += state.size();
  if (impl_->uncommitted_bytes < commit_bytes) {
    return {};
  }
  impl_->uncommitted_bytes = 0;
  return impl_->change->commit();
}

Result<void> TapeIndex::finish() {
  impl_->insert.reset();
  return impl_->change->finish();
}

// --- reading it ---

bool TapeReader::has_checkpoints() const {
  return impl_->has_checkpoints;
}

Result<IndexSummary> TapeReader::index_summary(std::uint32_t version) const {
  if (!impl_->has_checkpoints) {
    return IndexSummary();
  }
  auto statement = impl_->database.prepare(
      "SELECT count(*), ifnull(sum(version != ?1), 0), ifnull(sum(length(state)), 0)"
      " FROM checkpoints");
  if (!statement || statement->bind(1, version).step() != SQLITE_ROW) {
    return cannot_read(impl_->path, impl_->database);
  }
  Row row{*statement};
  const IndexSummary summary{row.count(0), row.count(1), row.count(2)};
  if (row.damaged()) {
    return damaged_row(impl_->path, "the table of checkpoints");
  }
  return summary;
}

Result<std::optional<Checkpoint>> TapeReader::Impl::checkpoint(const char* sql, std::uint64_t seq,
                                                               std::uint32_t version) const {
  if (!has_checkpoints) {
    return std::optional<Checkpoint>();
  }
  auto statement = database.prepare(sql);
  if (!statement) {
    return cannot_read(path, database);
  }
  statement->bind(1, static_cast<std::int64_t>(std::min<std::uint64_t>(seq, int64_max)));
  statement->bind(2, version);
  const int code = statement->step();
  if (code == SQLITE_DONE) {
    return std::optional<Checkpoint>();
  }
  if (code != SQLITE_ROW) {
    return cannot_read(path, database);
  }
  Row row{*statement};
  Checkpoint found{static_cast<std::uint64_t>(row.integer(0, 1)), std::string(row.blob(1))};
  if (row.damaged()) {
    return damaged_row(path, "a checkpoint");
  }
  return std::optional(std::move(found));
}

Result<std::optional<Checkpoint>> TapeReader::checkpoint_up_to(std::uint64_t seq,
                                                               std::uint32_t version) const {
  return impl_->checkpoint(
      "SELECT seq, state FROM checkpoints WHERE seq <= ?1 AND version = ?2"
      " ORDER BY seq DESC LIMIT 1",
      seq, version);
}

Result<std::optional<Checkpoint>> TapeReader::checkpoint_from(std::uint64_t seq,
                                                              std::uint32_t version) const {
  return impl_->checkpoint(
      "SELECT seq, state FROM checkpoints WHERE seq >= ?1 AND version = ?2 ORDER BY seq LIMIT 1",
      seq, version);
}

}  // namespace tapedeck::schema
