// Leaves out of events what is different in any two runs, so that what is left can be compared.
//
// Works on the shapes of the catalogue: a field that it does not know is compared as it is.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/event/catalogue.hpp"
#include "core/event/value.hpp"
#include "core/event/wire_event.hpp"

namespace tapedeck::verdict {

/// What counts as the same. The default is what differs in any two runs of one conference.
struct Ignore {
  bool times = true;     ///< a time is set, or it is not
  bool tokens = true;    ///< whatever opens a door
  bool ids = true;       ///< event ids, within a breakout_event too
  bool comments = true;  ///< blocks that dispatch nothing, keep-alives say
  bool people = false;   ///< a participant is its name, whatever its uuid
  /// Keys of JSON Pointers into the payload, `*` for any key: what stands there is left out.
  std::vector<std::vector<std::string>> places{};

  /// Whether nothing at all is ignored: bytes are compared.
  [[nodiscard]] bool nothing() const {
    return !times && !tokens && !ids && !comments && !people && places.empty();
  }

  /// Reads a list such as `times,ids,/vendor`; `none` alone ignores nothing.
  [[nodiscard]] static Result<Ignore> parse(std::string_view list);
};

/// Masks the events of one tape, in order. Not thread-safe.
class Mask {
 public:
  explicit Mask(Ignore ignore) : ignore_(std::move(ignore)) {}

  /// The payload with everything ignored replaced by something that is the same in all tapes, and
  /// the members of objects in the order of their names. Lives until the next call, and no longer
  /// than the event. Undefined where the payload was not decoded.
  [[nodiscard]] event::Value masked(const event::WireEvent& event);

 private:
  event::Value value(const event::Shape* shape, const event::Value& found);
  event::Value object(const event::Shape* shape, const event::Value& found);
  event::Value array(const event::Shape* shape, const event::Value& found);
  event::Value at(std::string_view key, const event::Shape* shape, const event::Value& found);
  event::Value scalar(const event::Shape& shape, const event::Value& found) const;
  [[nodiscard]] bool is_left_out() const;
  void learn_names(const event::WireEvent& event);

  Ignore ignore_;
  event::Arena arena_;
  std::vector<std::string> path_;  ///< keys from the payload to where the walk is
  std::map<std::string, std::string, std::less<>> names_;  ///< of participants, by uuid
};

}  // namespace tapedeck::verdict
