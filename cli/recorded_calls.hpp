// The calls of the API on a tape: what the recorded client did, for who wants to see whether
// another one does the same, and what its node answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/event/decoder.hpp"
#include "replayer/admission.hpp"
#include "schema/tape_reader.hpp"

namespace tapedeck::cli {

struct RecordedCall {
  std::int64_t at_ns = 0;  ///< when it was asked
  std::string method;
  std::string path;   ///< below the conference, decoded
  std::string query;  ///< raw, without a token
  std::string body;   ///< as JSON.stringify writes it; as it is where it is no JSON
  std::int64_t status = 0;
  std::string answer;  ///< of a GET
};

/// The recorded client was let in.
struct RecordedJoin {
  std::int64_t at_ns = 0;  ///< when it was answered
  std::string participant_uuid;
  replayer::Role role = replayer::Role::host;
};

/// A path below a conference as RecordedCall has it.
[[nodiscard]] std::string joined_path(const std::vector<std::string_view>& path);

/// Not thread-safe.
class RecordedCalls {
 public:
  [[nodiscard]] static Result<RecordedCalls> read(const schema::TapeReader& tape);

  /// The tape has none at all: it is of a stream alone.
  [[nodiscard]] bool empty() const { return calls_.empty(); }
  /// In the order of time.
  [[nodiscard]] const std::vector<RecordedCall>& all() const { return calls_; }

  struct Match {
    std::size_t index = 0;  ///< in all()
    bool same_body = false;
  };
  /// The call of this method and path that is nearest in time, of those with this body before the
  /// others; `taken` are left out. Nothing: there is none.
  [[nodiscard]] std::optional<Match> nearest(std::string_view method, std::string_view path,
                                             std::string_view body, std::int64_t at_ns,
                                             const std::vector<bool>& taken);

  /// What the node last answered to this before `at_ns`, or else first after it, if that is
  /// something: 200 with JSON. Where nobody asked with this query, with another.
  [[nodiscard]] const RecordedCall* answered(std::string_view path, std::string_view query,
                                             std::int64_t at_ns) const;

  /// How the recorded client had joined last at `at_ns`; null: the tape does not tell.
  [[nodiscard]] const RecordedJoin* joined_at(std::int64_t at_ns) const;

  /// What was asked of the recorded client before it got in: a PIN, which no tape has.
  [[nodiscard]] std::optional<replayer::AnyPin> asked_pin() const { return asked_pin_; }

 private:
  [[nodiscard]] std::string normalized(std::string_view body);
  void learn_of_join(const port::Exchange& exchange);

  std::vector<RecordedCall> calls_;
  std::vector<RecordedJoin> joins_;  ///< in the order of time
  std::optional<replayer::AnyPin> asked_pin_;
  event::Decoder decoder_;
};

}  // namespace tapedeck::cli
