#include "cli/join_parts.hpp"

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/saturating.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {
namespace {

/// A number that a series keeps under a key; 0 where there is none.
std::int64_t number_of(const schema::TapeReader& tape, const std::string& key) {
  const std::string text = tape.value(key).value_or("");
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class PartJoiner {
 public:
  PartJoiner(schema::TapeWriter& to, std::int64_t first_start_ns)
      : to_(to), first_start_ns_(first_start_ns) {}

  Result<void> add(const schema::TapeReader& part) {
    shift_ns_ = number_of(part, "part_start_ns") - first_start_ns_;
    ids_.clear();
    const auto connections = part.connections();
    const auto gaps = part.gaps();
    const auto exchanges = part.exchanges();
    const auto marks = part.marks();
    if (!connections || !gaps) {
      return fail(!connections ? connections.error() : gaps.error());
    }
    if (!exchanges || !marks) {
      return fail(!exchanges ? exchanges.error() : marks.error());
    }
    const std::int64_t state_id = number_of(part, "state_connection");
    std::int64_t continued = number_of(part, "continued_connections");
    for (const schema::Connection& connection : *connections) {
      const bool is_state = connection.id == state_id;
      if (is_state && !is_first_) {
        continue;
      }
      const bool continues = !is_state && !is_first_ && open_ && continued-- > 0;
      if (auto begun = continues ? Result<void>{} : begin(connection.start); !begun) {
        return begun;
      }
      ids_[connection.id] = open_->id;
      end_ = connection.end;
      end_shift_ns_ = shift_ns_;
      if (auto copied = copy_body(part, connection.id); !copied) {
        return copied;
      }
    }
    is_first_ = false;
    for (const schema::Mark& mark : *marks) {
      if (auto noted =
              to_.note_mark(mark.at_ns + shift_ns_,
                            saturating_add(part.summary().wall_start_ns, mark.at_ns), mark.text);
          !noted) {
        return noted;
      }
    }
    return copy_rest(*gaps, *exchanges);
  }

  /// Ends the connection that is open. One that was still being recorded stays without an end, as
  /// one that was cut off.
  Result<void> end() {
    if (!open_ || !end_) {
      return {};
    }
    const std::uint32_t id = std::exchange(open_, std::nullopt)->id;
    return to_.close_connection(id, end_->closed_ns + end_shift_ns_, end_->end, end_->detail);
  }

 private:
  /// A connection of the joined tape, the body of which is on one part or on several.
  struct Open {
    std::uint32_t id = 0;
    std::uint64_t bytes = 0;
  };

  Result<void> begin(port::ConnectionStart start) {
    if (auto ended = end(); !ended) {
      return ended;
    }
    start.opened_ns += shift_ns_;
    const auto id = to_.open_connection(start);
    if (!id) {
      return fail(id.error());
    }
    open_ = Open{.id = *id};
    return {};
  }

  Result<void> copy_body(const schema::TapeReader& part, std::uint32_t connection_id) {
    const auto frames = part.frames({.connection_id = connection_id});
    const auto reads = part.reads(connection_id);
    if (!frames || !reads) {
      return fail(!frames ? frames.error() : reads.error());
    }
    const std::uint64_t before = open_->bytes;
    std::optional<std::uint64_t> read_bytes = before;  // nothing: the connection has no reads
    while (true) {
      const auto frame = (*frames)->next();
      if (!frame || !*frame) {
        return frame ? Result<void>{} : fail(frame.error());
      }
      open_->bytes += (*frame)->raw.size();
      while (read_bytes && *read_bytes < open_->bytes) {
        const auto read = (*reads)->next();
        if (!read) {
          return fail(read.error());
        }
        read_bytes = *read ? std::optional(before + (**read).end_offset) : std::nullopt;
        if (*read) {
          if (auto noted = to_.note_read(open_->id, *read_bytes, (**read).recv_ns + shift_ns_);
              !noted) {
            return noted;
          }
        }
      }
      port::Frame copy = **frame;
      copy.connection_id = open_->id;
      copy.recv_ns += shift_ns_;
      if (auto accepted = to_.accept(copy); !accepted) {
        return accepted;
      }
    }
  }

  Result<void> copy_rest(const std::vector<port::Gap>& gaps,
                         const std::vector<port::Exchange>& exchanges) {
    for (port::Gap gap : gaps) {
      const auto id = ids_.find(gap.after_connection);
      gap.after_connection = id == ids_.end() ? 0 : id->second;
      gap.start_ns += shift_ns_;
      gap.end_ns += shift_ns_;
      if (auto noted = to_.note_gap(gap); !noted) {
        return noted;
      }
    }
    for (port::Exchange exchange : exchanges) {
      exchange.request_ns += shift_ns_;
      exchange.response_ns += shift_ns_;
      if (auto noted = to_.note_exchange(exchange); !noted) {
        return noted;
      }
    }
    return {};
  }

  schema::TapeWriter& to_;
  std::int64_t first_start_ns_;
  std::int64_t shift_ns_ = 0;
  bool is_first_ = true;
  std::optional<Open> open_;
  std::optional<schema::Connection::End> end_;  ///< of the connection that is open
  std::int64_t end_shift_ns_ = 0;
  std::map<std::uint32_t, std::uint32_t> ids_;  ///< of the part, on the joined tape
};

Result<void> join(const std::vector<std::unique_ptr<schema::TapeReader>>& parts,
                  schema::TapeWriter& to) {
  const schema::TapeReader& first = *parts.front();
  for (const auto& [key, value] : first.values()) {
    const bool of_the_part = key == "part" || key == "part_start_ns" ||
                             key == "continued_connections" || key == "series";
    if (auto set = of_the_part ? Result<void>{} : to.set(key, value); !set) {
      return set;
    }
  }
  PartJoiner joiner(to, number_of(first, "part_start_ns"));
  for (const auto& part : parts) {
    if (auto added = joiner.add(*part); !added) {
      return added;
    }
  }
  if (auto ended = joiner.end(); !ended) {
    return ended;
  }
  return to.finish();
}

}  // namespace

Result<void> join_parts(const std::vector<std::string>& paths, const std::string& path,
                        schema::Existing existing) {
  std::vector<std::unique_ptr<schema::TapeReader>> parts;
  for (const std::string& part : paths) {
    auto opened = schema::TapeReader::open(part);
    if (!opened) {
      return fail(opened.error());
    }
    parts.push_back(*std::move(opened));
  }
  auto to = schema::TapeWriter::open(
      path, {.existing = existing, .wall_now_ns = parts.front()->summary().wall_start_ns});
  if (!to) {
    return fail(to.error());
  }
  auto joined = join(parts, **to);
  if (!joined) {
    to = fail(joined.error());  // closes it
    std::error_code error;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path + suffix, error);
    }
  }
  return joined;
}

}  // namespace tapedeck::cli
