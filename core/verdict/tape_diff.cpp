#include "core/verdict/tape_diff.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "core/base/limits.hpp"
#include "core/event/decoder.hpp"
#include "core/state/reducer.hpp"
#include "core/state/state_json.hpp"
#include "core/verdict/align.hpp"
#include "core/verdict/findings.hpp"
#include "core/verdict/fingerprint.hpp"
#include "core/verdict/value_diff.hpp"

namespace tapedeck::verdict {
namespace {

using event::OwnedValue;
using event::Value;

/// Calls `visit` for each frame of a tape.
template <class Visit>
Result<void> each_frame(const port::FrameSourceFactory& tape, Visit visit) {
  auto source = tape();
  if (!source) {
    return fail(source.error());
  }
  while (true) {
    const auto frame = (*source)->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      return {};
    }
    if (auto visited = visit(**frame); !visited) {
      return visited;
    }
  }
}

/// The frames of a tape that count.
struct Outline {
  std::vector<std::uint64_t> fingerprints;
  std::vector<Likeness> likenesses;
};

Result<Outline> outline_of(const port::FrameSourceFactory& tape, const Ignore& ignore) {
  Fingerprint fingerprint(ignore);
  Outline all;
  auto read = each_frame(tape, [&](const port::Frame& frame) -> Result<void> {
    const auto one = fingerprint.of(frame);
    if (one && all.fingerprints.size() == limits::diff_frames_max) {
      return fail_io("a tape has more than " + std::to_string(limits::diff_frames_max) +
                     " frames, the most that diff aligns; record in parts");
    }
    if (one) {
      all.fingerprints.push_back(*one);
      all.likenesses.push_back(fingerprint.likeness());
    }
    return {};
  });
  if (!read) {
    return fail(read.error());
  }
  return all;
}

/// One level of the likenesses; what has nothing of the kind is like nothing.
std::vector<std::uint64_t> level_of(const Outline& outline, std::size_t level, bool is_b) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(outline.likenesses.size());
  for (const Likeness& likeness : outline.likenesses) {
    const std::uint64_t own = 2 * numbers.size() + (is_b ? 1 : 0) + 1;
    numbers.push_back(likeness[level] != 0 ? likeness[level] : own << 32U);
  }
  return numbers;
}

/// The places where the tapes differ. Where several frames stand against several, those that are
/// most alike are a place of their own, so that what came or went beside a change does not hide it.
std::vector<Hunk> places_of(const Outline& a, const Outline& b) {
  std::vector<Hunk> places = align(a.fingerprints, b.fingerprints);
  for (std::size_t level = 0; level < Likeness().size() && !places.empty(); ++level) {
    places = pair_up(places, level_of(a, level, false), level_of(b, level, true));
  }
  return places;
}

/// A range of the frames of one tape that count.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// What a second pass over one tape finds out about the places where it differs.
class Side {
 public:
  Side(const Ignore& ignore, std::vector<Range> places)
      : fingerprint_(ignore),
        places_(std::move(places)),
        first_(places_.size()),
        payloads_(places_.size()) {}

  Result<void> read(const port::FrameSourceFactory& tape) {
    reducer_->begin();
    auto read = each_frame(tape, [this](const port::Frame& frame) -> Result<void> {
      take(frame);
      return {};
    });
    append_state_json(state_at_end_, *reducer_);
    if (state_there_.empty()) {
      state_there_ = state_at_end_;
    }
    reducer_.reset();  // before the other tape gets one
    return read;
  }

  /// The first frame of each place, where the place has one.
  [[nodiscard]] const std::vector<std::optional<FrameText>>& first() const { return first_; }
  /// The payload of that frame, masked; nothing where it is too much to be kept.
  [[nodiscard]] const std::optional<OwnedValue>& payload(std::size_t place) const {
    return payloads_[place];
  }
  /// The state after the first place, as JSON.
  [[nodiscard]] const std::string& state_there() const { return state_there_; }
  [[nodiscard]] const std::string& state_at_end() const { return state_at_end_; }

 private:
  void take(const port::Frame& frame) {
    while (place_ < places_.size() && index_ >= places_[place_].end) {
      ++place_;
    }
    FrameText text{frame.seq, frame.recv_ns, frame.connection_id, offsets_[frame.connection_id], {},
                   {}};
    offsets_[frame.connection_id] += frame.raw.size();
    std::optional<OwnedValue> payload;
    const bool is_first = place_ < places_.size() && index_ == places_[place_].begin;
    // The state after the first place is the one before the frame behind it.
    const auto keep_state = [&] {
      if (index_ == places_[0].end && state_there_.empty()) {
        append_state_json(state_there_, *reducer_);
      }
    };
    const auto counts = fingerprint_.of(frame, [&](const event::WireEvent& event) {
      text.event = clipped(event.name);
      text.data = clipped(event.data);
      if (is_first) {
        payload.emplace(event.value);
      }
      keep_state();
      reduce(event);
    });
    if (!counts) {
      return;
    }
    keep_state();
    if (is_first) {
      if (text.event.empty()) {
        text.data = clipped(frame.raw);
      }
      first_[place_] = std::move(text);
      if (payload && payload_bytes_ + payload->bytes() <= limits::diff_payload_bytes_max) {
        payload_bytes_ += payload->bytes();
        payloads_[place_] = std::move(payload);
      }
    }
    ++index_;
  }

  /// Reduces the event as it would be on both tapes: masked, without its time and its number.
  void reduce(event::WireEvent event) {
    event.seq = 0;
    event.recv_ns = 0;
    (void)reducer_->apply(event, 0);
  }

  Fingerprint fingerprint_;
  std::optional<state::Reducer> reducer_{std::in_place, state::Join(),
                                         state::ReducerOptions{.signals = false}};
  std::vector<Range> places_;
  std::size_t place_ = 0;  ///< that is not over yet
  std::size_t index_ = 0;  ///< of the next frame that counts
  std::map<std::uint32_t, std::uint64_t> offsets_;
  std::vector<std::optional<FrameText>> first_;
  std::vector<std::optional<OwnedValue>> payloads_;
  std::size_t payload_bytes_ = 0;
  std::string state_there_;
  std::string state_at_end_;
};

std::string json_of(const Value& value) {
  if (value.is_undefined()) {
    return "nothing";
  }
  std::string text;
  append_json(text, value);
  return clipped(text);
}

std::vector<DiffValue> values_that_differ(const Value& a, const Value& b) {
  std::vector<DiffValue> found;
  compare(a, b, [&](const Difference& difference) {
    found.push_back({clipped(difference.pointer), json_of(difference.a), json_of(difference.b)});
    return found.size() < limits::diff_values_max;
  });
  return found;
}

/// Of two states as JSON, without their counts of events, which differ where the frames do.
std::vector<DiffValue> states_that_differ(const std::string& a, const std::string& b) {
  const auto without_counts = [](const Value& state) {
    std::vector<event::Member> members;
    std::ranges::copy_if(state.members(), std::back_inserter(members),
                         [](const event::Member& member) { return member.key != "counts"; });
    return members;
  };
  event::Decoder left(limits::document_depth_max, limits::document_values_max);
  event::Decoder right(limits::document_depth_max, limits::document_values_max);
  const auto members_a = without_counts(left.decode(a).value);
  const auto members_b = without_counts(right.decode(b).value);
  return values_that_differ(Value::object(members_a), Value::object(members_b));
}

void count(const std::vector<Hunk>& hunks, DiffReport& report) {
  for (const Hunk& hunk : hunks) {
    const std::size_t in_a = hunk.a_end - hunk.a_begin;
    const std::size_t in_b = hunk.b_end - hunk.b_begin;
    const std::size_t pairs = std::min(in_a, in_b);
    report.changed += pairs;
    report.only_a += in_a - pairs;
    report.only_b += in_b - pairs;
  }
}

}  // namespace

Result<DiffReport> diff_tapes(const port::FrameSourceFactory& a, const port::FrameSourceFactory& b,
                              const Ignore& ignore) {
  const auto left = outline_of(a, ignore);
  if (!left) {
    return fail(left.error());
  }
  const auto right = outline_of(b, ignore);
  if (!right) {
    return fail(right.error());
  }
  DiffReport report;
  report.frames_a = left->fingerprints.size();
  report.frames_b = right->fingerprints.size();
  const std::vector<Hunk> hunks = places_of(*left, *right);
  report.place_count = hunks.size();
  if (hunks.empty()) {
    return report;
  }
  count(hunks, report);
  std::vector<Range> places_a;
  std::vector<Range> places_b;
  for (const Hunk& hunk : std::span(hunks).first(std::min(hunks.size(), limits::diff_places_max))) {
    places_a.push_back({hunk.a_begin, hunk.a_end});
    places_b.push_back({hunk.b_begin, hunk.b_end});
  }
  Side side_a(ignore, places_a);
  Side side_b(ignore, places_b);
  if (auto read = side_a.read(a); !read) {
    return fail(read.error());
  }
  if (auto read = side_b.read(b); !read) {
    return fail(read.error());
  }
  for (std::size_t i = 0; i < places_a.size(); ++i) {
    report.places.push_back({side_a.first()[i],
                             side_b.first()[i],
                             places_a[i].end - places_a[i].begin,
                             places_b[i].end - places_b[i].begin,
                             {}});
    DiffPlace& place = report.places.back();
    if (!place.a || !place.b || place.a->event != place.b->event) {
      continue;
    }
    const auto& payload_a = side_a.payload(i);
    const auto& payload_b = side_b.payload(i);
    if (payload_a && payload_b) {
      place.fields = values_that_differ(**payload_a, **payload_b);
    } else if (!place.a->event.empty()) {
      place.fields.push_back({"", place.a->data, place.b->data});
    }
  }
  report.state = states_that_differ(side_a.state_there(), side_b.state_there());
  report.state_at_end = states_that_differ(side_a.state_at_end(), side_b.state_at_end());
  return report;
}

}  // namespace tapedeck::verdict
