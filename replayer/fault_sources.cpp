#include "replayer/fault_sources.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/saturating.hpp"
#include "core/base/units.hpp"
#include "core/sse/message_parser.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {
namespace {

using Next = Result<std::optional<port::Frame>>;

/// A slow line brings what it has twenty times a second.
constexpr std::int64_t slow_steps_per_s = 20;

/// The moment of a cut, on the connection of the frame at it.
port::Frame cut_at(std::int64_t at_ns, const port::Frame& frame) {
  return {.seq = frame.seq,
          .connection_id = frame.connection_id,
          .recv_ns = at_ns,
          .complete = false,
          .raw = {}};
}

bool dispatches(std::string_view raw, std::string_view event) {
  sse::MessageParser parser;
  parser.push(raw);
  while (const auto parsed = parser.next()) {
    if (parsed->kind == sse::Parsed::Kind::message && parsed->message.event == event) {
      return true;
    }
  }
  return false;
}

/// A frame that owns its bytes.
class Kept {
 public:
  explicit Kept(const port::Frame& frame) : frame_(frame), raw_(frame.raw) {}
  [[nodiscard]] port::Frame frame(std::int64_t recv_ns) const {
    port::Frame frame = frame_;
    frame.recv_ns = recv_ns;
    frame.raw = raw_;
    return frame;
  }
  [[nodiscard]] std::int64_t recv_ns() const { return frame_.recv_ns; }
  [[nodiscard]] std::size_t bytes() const { return raw_.size(); }

 private:
  port::Frame frame_;
  std::string raw_;
};

/// What all have in common: the source, the chances, and which frames are meant.
class Faulty : public port::FrameSource {
 public:
  Faulty(std::unique_ptr<port::FrameSource> source, const FaultSetting& setting)
      : setting_(setting),
        source_(std::move(source)),
        frame_(drawn(FaultKey::frame)),
        at_ns_(drawn(FaultKey::t)),
        chance_(setting.fault.exact(FaultKey::p)) {
    if (at_ns_) {
      at_ns_ = saturating_add(setting.begin_ns, *at_ns_);
    }
  }

 protected:
  [[nodiscard]] std::optional<std::int64_t> drawn(FaultKey key) {
    const auto bounds = setting_.fault.number(key);
    return bounds ? std::optional(setting_.random.between(bounds->least, bounds->most))
                  : std::nullopt;
  }
  [[nodiscard]] std::int64_t drawn(FaultKey key, Between otherwise) {
    const Between bounds = setting_.fault.number(key).value_or(otherwise);
    return setting_.random.between(bounds.least, bounds.most);
  }
  [[nodiscard]] std::int64_t exact(FaultKey key, std::int64_t otherwise) const {
    return setting_.fault.exact(key).value_or(otherwise);
  }
  [[nodiscard]] Random& random() { return setting_.random; }
  [[nodiscard]] const FaultSetting& setting() const { return setting_; }
  [[nodiscard]] const std::optional<std::int64_t>& at_ns() const { return at_ns_; }
  [[nodiscard]] Next read() { return source_->next(); }
  void note_done() { ++setting_.done; }

  /// Whether the fault is to be done to `frame`; to be asked once for each frame, in order.
  [[nodiscard]] bool picks(const port::Frame& frame) {
    const std::string_view event = setting_.fault.name(FaultKey::event);
    if (frame.raw.empty() || (!event.empty() && !dispatches(frame.raw, event))) {
      return false;
    }
    ++seen_;
    if (chance_) {
      return draws(random(), *chance_);
    }
    if (frame_) {
      return seen_ == *frame_;
    }
    return !at_ns_ || (frame.recv_ns >= *at_ns_ && !std::exchange(past_, true));
  }

 private:
  FaultSetting setting_;
  std::unique_ptr<port::FrameSource> source_;
  std::optional<std::int64_t> frame_;
  std::optional<std::int64_t> at_ns_;
  std::optional<std::int64_t> chance_;
  std::int64_t seen_ = 0;
  bool past_ = false;
};

class Omit final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    for (;;) {
      auto frame = read();
      if (!frame || !*frame || !picks(**frame)) {
        return frame;
      }
      note_done();
    }
  }
};

class Duplicate final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    if (copies_left_ > 0) {
      --copies_left_;
      return std::optional(last_);
    }
    auto frame = read();
    if (frame && *frame && picks(**frame)) {
      note_done();
      last_ = **frame;  // its bytes live: nothing is read before the last copy is out
      copies_left_ = exact(FaultKey::times, 1);
    }
    return frame;
  }

 private:
  port::Frame last_;
  std::int64_t copies_left_ = 0;
};

class Reorder final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    for (;;) {
      if (auto late = take_late()) {
        return late;
      }
      auto frame = read();
      if (!frame) {
        return frame;
      }
      if (!*frame || (*frame)->raw.empty()) {
        return hold_until_empty(*frame);
      }
      last_ns_ = (*frame)->recv_ns;
      for (Late& late : late_) {
        --late.after;
      }
      if (!picks(**frame)) {
        return frame;
      }
      note_done();
      late_.push_back({Kept(**frame), random().between(1, exact(FaultKey::window, 1))});
    }
  }

 private:
  struct Late {
    Kept kept;
    std::int64_t after;  ///< so many frames are still to overtake it
  };

  /// The first whose turn it is.
  [[nodiscard]] std::optional<port::Frame> take_late() {
    const auto found =
        std::ranges::find_if(late_, [](const Late& late) { return late.after <= 0; });
    if (found == late_.end()) {
      return std::nullopt;
    }
    taken_ = std::move(found->kept);
    late_.erase(found);
    return taken_->frame(last_ns_);
  }

  /// At the end nothing overtakes any more.
  [[nodiscard]] Next hold_until_empty(const std::optional<port::Frame>& end) {
    for (Late& late : late_) {
      late.after = 0;
    }
    const auto late = take_late();
    return late ? late : end;
  }

  std::deque<Late> late_;
  std::optional<Kept> taken_;
  std::int64_t last_ns_ = 0;
};

class Corrupt final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    auto frame = read();
    if (!frame || !*frame || !picks(**frame)) {
      return frame;
    }
    note_done();
    raw_ = (*frame)->raw;
    const auto count = static_cast<std::size_t>(drawn(FaultKey::bytes, {1, 1}));
    std::set<std::size_t> places;
    while (places.size() < std::min(count, raw_.size())) {
      places.insert(static_cast<std::size_t>(random().below(raw_.size())));
    }
    for (const std::size_t place : places) {
      raw_[place] = static_cast<char>(static_cast<unsigned char>(raw_[place]) ^
                                      static_cast<unsigned char>(random().between(1, 255)));
    }
    (*frame)->raw = raw_;
    return frame;
  }

 private:
  std::string raw_;
};

class JumpAhead final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    auto frame = read();
    if (!frame || !*frame || (*frame)->recv_ns < *at_ns()) {
      return frame;
    }
    if (!std::exchange(jumped_, true)) {
      note_done();
    }
    port::Frame& jumping = **frame;
    jumping.recv_ns = std::max(*at_ns(), jumping.recv_ns - exact(FaultKey::by, 0));
    return frame;
  }

 private:
  bool jumped_ = false;
};

/// Keeps what it will play again.
class JumpBack final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    if (jumped_ && !kept_.empty()) {
      taken_ = std::move(kept_.front());
      kept_.pop_front();
      return std::optional(taken_->frame(saturating_add(taken_->recv_ns(), back_ns_)));
    }
    if (waiting_) {
      return std::exchange(waiting_, {});
    }
    auto frame = read();
    if (!frame || !*frame) {
      return frame;
    }
    if (jumped_) {
      (*frame)->recv_ns = saturating_add((*frame)->recv_ns, back_ns_);
      return frame;
    }
    if ((*frame)->recv_ns >= *at_ns()) {
      jumped_ = true;
      note_done();
      (*frame)->recv_ns = saturating_add((*frame)->recv_ns, back_ns_);
      waiting_ = **frame;
      return next();
    }
    if ((*frame)->recv_ns >= *at_ns() - back_ns_) {
      if (auto kept = keep(**frame); !kept) {
        return fail(kept.error());
      }
    }
    return frame;
  }

 private:
  Result<void> keep(const port::Frame& frame) {
    kept_.emplace_back(frame);
    kept_bytes_ += frame.raw.size() + limits::batch_frame_cost;
    if (kept_bytes_ > limits::jump_bytes_max) {
      return fail_io("a jump back by " + format_duration(back_ns_) + " would play more than " +
                     format_bytes(limits::jump_bytes_max) + " again; jump by less");
    }
    return {};
  }

  std::int64_t back_ns_ = -exact(FaultKey::by, 0);
  bool jumped_ = false;
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::optional<Kept> taken_;
  std::optional<port::Frame> waiting_;  ///< its bytes live: nothing is read before it is out
};

class Stall final : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    auto frame = read();
    if (frame && *frame) {
      const std::int64_t recv_ns = (*frame)->recv_ns;
      const std::int64_t begin_ns = at_ns()         ? *at_ns()
                                    : every_ns_ > 0 ? recv_ns - recv_ns % every_ns_
                                                    : 0;
      const std::int64_t end_ns = saturating_add(begin_ns, for_ns_);
      const bool stalled = recv_ns >= begin_ns && recv_ns < end_ns && (at_ns() || begin_ns > 0);
      if (stalled) {
        (*frame)->recv_ns = end_ns;
        if (std::exchange(last_end_ns_, end_ns) != end_ns) {
          note_done();
        }
      }
    }
    return frame;
  }

 private:
  std::int64_t every_ns_ = exact(FaultKey::every, 0);
  std::int64_t for_ns_ = drawn(FaultKey::lasts, {});
  std::int64_t last_end_ns_ = -1;
};

class Drop final : public Faulty {
 public:
  Drop(std::unique_ptr<port::FrameSource> source, const FaultSetting& setting)
      : Faulty(std::move(source), setting), tears_(draws(random(), exact(FaultKey::torn, 0))) {}

  [[nodiscard]] Next next() override {
    if (over_) {
      return std::optional<port::Frame>{};
    }
    if (cut_) {
      return cut(*std::exchange(cut_, {}));
    }
    auto frame = waiting_ ? Next(std::exchange(waiting_, {})) : read();
    if (!frame || !*frame || is_cut(**frame)) {
      return frame;
    }
    const bool at_moment = at_ns() && setting().fault.name(FaultKey::event).empty() && !tears_;
    if (at_moment ? !is_past_ && (*frame)->recv_ns >= *at_ns() : picks(**frame)) {
      if (at_moment) {
        is_past_ = true;
        waiting_ = **frame;
        return cut(cut_at(*at_ns(), **frame));
      }
      tear(**frame);
      cut_ = cut_at((*frame)->recv_ns, **frame);
    }
    return frame;
  }

 private:
  [[nodiscard]] Next cut(const port::Frame& frame) {
    note_done();
    over_ = setting().after_cut == AfterCut::end;
    return std::optional(frame);
  }

  void tear(port::Frame& frame) {
    if (tears_ && frame.raw.size() > 1) {
      frame.raw = frame.raw.substr(0, 1 + random().below(frame.raw.size() - 1));
      frame.complete = false;
    }
  }

  bool tears_;
  bool is_past_ = false;
  bool over_ = false;
  std::optional<port::Frame> cut_;      ///< comes next
  std::optional<port::Frame> waiting_;  ///< its bytes live: nothing is read before it is out
};

/// Gives each frame of its source in parts.
class Parts : public Faulty {
 public:
  using Faulty::Faulty;
  [[nodiscard]] Next next() override {
    if (rest_.empty()) {
      auto frame = read();
      if (!frame || !*frame) {
        return frame;
      }
      whole_ = **frame;
      rest_ = whole_.raw;
      if (!rest_.empty()) {
        note_done();
      }
    }
    port::Frame part = whole_;
    part.raw = rest_.substr(0, rest_.empty() ? 0 : part_bytes());
    rest_.remove_prefix(part.raw.size());
    part.complete = rest_.empty() && whole_.complete;
    part.recv_ns = arrival_ns(whole_.recv_ns, part.raw.size());
    return std::optional(part);
  }

 protected:
  [[nodiscard]] virtual std::size_t part_bytes() = 0;
  [[nodiscard]] virtual std::int64_t arrival_ns(std::int64_t recv_ns, std::size_t bytes) = 0;

 private:
  port::Frame whole_;
  std::string_view rest_;
};

class Slow final : public Parts {
 public:
  using Parts::Parts;

 protected:
  [[nodiscard]] std::size_t part_bytes() override {
    return static_cast<std::size_t>(std::max<std::int64_t>(1, rate_ / slow_steps_per_s));
  }
  [[nodiscard]] std::int64_t arrival_ns(std::int64_t recv_ns, std::size_t bytes) override {
    if (recv_ns >= saturating_add(busy_from_ns_, scaled_ns())) {
      busy_from_ns_ = recv_ns;
      busy_bytes_ = 0;
    }
    busy_bytes_ += static_cast<std::int64_t>(bytes);
    return saturating_add(busy_from_ns_, scaled_ns());
  }

 private:
  /// How long the line takes for what has come since it was idle: no rounding adds up.
  [[nodiscard]] std::int64_t scaled_ns() const {
    return busy_bytes_ / rate_ * ns_per_s + busy_bytes_ % rate_ * ns_per_s / rate_;
  }

  std::int64_t rate_ = exact(FaultKey::rate, 1);
  std::int64_t busy_from_ns_ = 0;
  std::int64_t busy_bytes_ = 0;
};

class Split final : public Parts {
 public:
  using Parts::Parts;

 protected:
  [[nodiscard]] std::size_t part_bytes() override {
    return static_cast<std::size_t>(drawn(FaultKey::size, {1, 1}));
  }
  [[nodiscard]] std::int64_t arrival_ns(std::int64_t recv_ns, std::size_t /*bytes*/) override {
    return recv_ns;
  }
};

}  // namespace

std::unique_ptr<port::FrameSource> make_faulty(std::unique_ptr<port::FrameSource> source,
                                               const FaultSetting& setting) {
  switch (setting.fault.kind) {
    case FaultKind::omit:
      return std::make_unique<Omit>(std::move(source), setting);
    case FaultKind::duplicate:
      return std::make_unique<Duplicate>(std::move(source), setting);
    case FaultKind::reorder:
      return std::make_unique<Reorder>(std::move(source), setting);
    case FaultKind::corrupt:
      return std::make_unique<Corrupt>(std::move(source), setting);
    case FaultKind::jump:
      if (*setting.fault.exact(FaultKey::by) < 0) {
        return std::make_unique<JumpBack>(std::move(source), setting);
      }
      return std::make_unique<JumpAhead>(std::move(source), setting);
    case FaultKind::stall:
      return std::make_unique<Stall>(std::move(source), setting);
    case FaultKind::drop:
      return std::make_unique<Drop>(std::move(source), setting);
    case FaultKind::slow:
      return std::make_unique<Slow>(std::move(source), setting);
    case FaultKind::split:
      return std::make_unique<Split>(std::move(source), setting);
    case FaultKind::status:
    case FaultKind::expire:
      break;
  }
  check(false, "a fault of a request as one of a stream");
  return source;
}

}  // namespace tapedeck::replayer
