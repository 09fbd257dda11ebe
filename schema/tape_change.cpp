#include <utility>

#include "schema/tape_change_private.hpp"

namespace tapedeck::schema {

Result<std::unique_ptr<TapeChange>> TapeChange::begin(const std::string& path) {
  const auto head = read_head(path);
  if (!head) {
    return fail(head.error());
  }
  if (!head->is_tape) {
    return fail_io(in_quotes(path) + " is not a tape; 'tapedeck record' makes one");
  }
  if (RecordingLock::is_held(head->path)) {
    return fail_io(in_quotes(path) + " is being recorded by another process");
  }
  auto database = Database::open(head->path, SQLITE_OPEN_READWRITE);
  if (!database) {
    return fail_io("cannot change " + in_quotes(path) + ": " + database.error().message);
  }
  std::unique_ptr<TapeChange> change(new TapeChange(path, *std::move(database)));
  if (auto checked = check_tape(change->database_, path); !checked) {
    return fail(checked.error());
  }
  if (!enter_log(change->database_, *head)) {
    return change->failure();
  }
  auto lock = RecordingLock::take(head->path);
  if (!lock) {
    return fail(lock.error());
  }
  change->lock_.emplace(*std::move(lock));
  if (change->database_.run("BEGIN IMMEDIATE") != SQLITE_OK) {
    return change->failure();
  }
  return change;
}

TapeChange::~TapeChange() {
  if (lock_ && !finished_) {
    (void)database_.run("ROLLBACK");  // nothing is committed either way
    (void)merge_log(database_);
  }
}

Failure TapeChange::failure() const {
  return database_.failure("cannot change " + in_quotes(path_) + ": ");
}

Result<void> TapeChange::commit() {
  if (database_.run("COMMIT") != SQLITE_OK || database_.run("BEGIN IMMEDIATE") != SQLITE_OK) {
    return failure();
  }
  return {};
}

Result<void> TapeChange::finish() {
  if (database_.run("COMMIT") != SQLITE_OK) {
    return failure();
  }
  finished_ = true;
  if (!merge_log(database_)) {
    return fail_io("the change is made, but " + in_quotes(path_) + " and " +
                   in_quotes(wal_path(path_)) + " cannot be merged: " + database_.why() +
                   "; keep both together");
  }
  return {};
}

}  // namespace tapedeck::schema
