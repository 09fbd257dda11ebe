-- The tape, format version 1. FORMAT.md explains it; what changes here is a new version.
-- Comments inside a table are kept by SQLite: `.schema` shows them in the sqlite3 shell.
PRAGMA page_size = 65536;
PRAGMA application_id = 0x7470646b;
PRAGMA user_version = 1;

CREATE TABLE tape (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
  id      INTEGER PRIMARY KEY,
  at_ns   INTEGER NOT NULL,  -- nanoseconds since the tape began, as all times that are not wall_ns
  wall_ns INTEGER,           -- the same moment in Unix time, where it is known
  kind    TEXT    NOT NULL,  -- opened: a session began; closed: it ended as it should; note: a remark
  note    TEXT    NOT NULL
) STRICT;

CREATE TABLE connections (
  id            INTEGER PRIMARY KEY,  -- from 1, in the order of opening
  opened_ns     INTEGER NOT NULL,
  wall_ns       INTEGER NOT NULL,     -- opened_ns in Unix time
  source        TEXT    NOT NULL,     -- URL, file name or -
  http_status   INTEGER NOT NULL,     -- 0: no HTTP
  headers       TEXT    NOT NULL,     -- response header lines
  last_event_id TEXT    NOT NULL,     -- sent with the request
  closed_ns     INTEGER,              -- this and what follows: NULL until the connection is closed
  ended         TEXT,                 -- finished, broken or stopped
  detail        TEXT,
  bytes         INTEGER               -- length of the body
) STRICT;

CREATE TABLE frames (
  seq           INTEGER PRIMARY KEY,  -- from 1, without holes: the order of the tape
  connection_id INTEGER NOT NULL REFERENCES connections,
  recv_ns       INTEGER NOT NULL,     -- when the last byte arrived; never less than at seq - 1
  complete      INTEGER NOT NULL,     -- 0: cut off, or goes on in the connection's next frame
  raw           BLOB    NOT NULL      -- the bytes as received
) STRICT;

CREATE INDEX frames_by_time ON frames (recv_ns);

CREATE TABLE reads (
  connection_id INTEGER NOT NULL REFERENCES connections,
  offset        INTEGER NOT NULL,     -- where in the body the read ended
  recv_ns       INTEGER NOT NULL,
  PRIMARY KEY (connection_id, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
  id               INTEGER PRIMARY KEY,
  after_connection INTEGER NOT NULL,  -- 0: before the first
  start_ns         INTEGER NOT NULL,
  end_ns           INTEGER NOT NULL,
  reason           TEXT    NOT NULL
) STRICT;

CREATE TABLE exchanges (
  id               INTEGER PRIMARY KEY,
  request_ns       INTEGER NOT NULL,
  response_ns      INTEGER NOT NULL,
  method           TEXT    NOT NULL,
  target           TEXT    NOT NULL,
  request_headers  TEXT    NOT NULL,
  request_body     BLOB    NOT NULL,
  status           INTEGER NOT NULL,
  response_headers TEXT    NOT NULL,
  response_body    BLOB    NOT NULL
) STRICT;
