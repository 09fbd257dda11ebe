#include "replayer/fault_spec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "core/base/units.hpp"
#include "replayer/endpoints.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {
namespace {

// clang-format off
constexpr FaultSyntax syntax[] = {
  {FaultKind::omit, "omit", "stream,event,frame,t,p", 0,
   "leave frames out", "omit:event=participant_update"},
  {FaultKind::duplicate, "duplicate", "stream,event,frame,t,p,times", 0,
   "send frames again at once", "duplicate:p=0.1,times=2"},
  {FaultKind::reorder, "reorder", "stream,event,frame,t,p,window", 0,
   "let frames be overtaken by up to window others", "reorder:p=0.05,window=3"},
  {FaultKind::corrupt, "corrupt", "stream,event,frame,t,p,bytes", 0,
   "change so many bytes of frames", "corrupt:event=stage,p=0.5,bytes=1..4"},
  {FaultKind::jump, "jump", "t,by,stream", 2,
   "at t go so far ahead or back on the tape", "jump:t=10s,by=-5s"},
  {FaultKind::stall, "stall", "for,t,every,stream", 1,
   "send nothing for a while, then all of it", "stall:t=5s,for=3s"},
  {FaultKind::drop, "drop", "stream,event,frame,t,p,torn", 0,
   "break the connection off", "drop:frame=100"},
  {FaultKind::slow, "slow", "rate,stream", 1,
   "send so many bytes a second", "slow:rate=2000"},
  {FaultKind::split, "split", "size,stream", 1,
   "cut the stream into writes of this size", "split:size=1..16"},
  {FaultKind::status, "status", "code,call,n,p", 1,
   "answer a request with this HTTP status", "status:code=503,call=refresh_token,n=1"},
  {FaultKind::expire, "expire", "after,join", 1,
   "forget who joined so long after", "expire:after=20s"},
};
// clang-format on

enum class ValueType : std::uint8_t { count, duration, signed_duration, chance, event, call };

/// What may stand for the value of a key.
struct KeySyntax {
  FaultKey key;
  std::string_view name;
  ValueType type;
  bool drawn = false;  ///< may be a range
  std::int64_t least = 1;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

constexpr std::int64_t longest_ns = std::int64_t{1000} * 24 * 3600 * ns_per_s;

// clang-format off
constexpr KeySyntax keys[] = {
  {FaultKey::stream, "stream", ValueType::count},
  {FaultKey::event, "event", ValueType::event},
  {FaultKey::frame, "frame", ValueType::count, true},
  {FaultKey::t, "t", ValueType::duration, true, 0, longest_ns},
  {FaultKey::p, "p", ValueType::chance, false, 0, certain_millionths},
  {FaultKey::torn, "torn", ValueType::chance, false, 0, certain_millionths},
  {FaultKey::every, "every", ValueType::duration, false, 1, longest_ns},
  {FaultKey::lasts, "for", ValueType::duration, true, 1, longest_ns},
  {FaultKey::rate, "rate", ValueType::count, false, 1, limits::fault_rate_max},
  {FaultKey::size, "size", ValueType::count, true, 1, limits::fault_bytes_max},
  {FaultKey::bytes, "bytes", ValueType::count, true, 1, limits::fault_bytes_max},
  {FaultKey::window, "window", ValueType::count, false, 1, limits::fault_frames_max},
  {FaultKey::times, "times", ValueType::count, false, 1, limits::fault_frames_max},
  {FaultKey::by, "by", ValueType::signed_duration, false, -longest_ns, longest_ns},
  {FaultKey::after, "after", ValueType::duration, true, 1, longest_ns},
  {FaultKey::join, "join", ValueType::count},
  {FaultKey::code, "code", ValueType::count, false, 400, 599},
  {FaultKey::call, "call", ValueType::call},
  {FaultKey::n, "n", ValueType::count, true},
};
// clang-format on

constexpr std::string_view range_sign = "..";

const FaultSyntax& syntax_of(FaultKind kind) {
  return syntax[static_cast<std::size_t>(kind)];
}

/// The next of the names in `list`, which are apart by commas.
std::string_view take_name(std::string_view& list) {
  const std::string_view name = list.substr(0, list.find(','));
  list.remove_prefix(std::min(name.size() + 1, list.size()));
  return name;
}

const KeySyntax& key_syntax(std::string_view name) {
  return *std::ranges::find(keys, name, &KeySyntax::name);
}

std::string listed(std::string_view names) {
  std::string text;
  for (std::string_view rest = names; !rest.empty();) {
    const std::string_view name = take_name(rest);
    text += text.empty() ? "" : rest.empty() ? " or " : ", ";
    text += name;
  }
  return text;
}

std::string quoted(std::string_view text) {
  return '\'' + std::string(text) + '\'';
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.front() != '-' ? std::optional(number) : std::nullopt;
}

/// `1`, `0.25`, `0.000001`.
std::optional<std::int64_t> parse_chance(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_count(text.substr(0, point));
  std::string fraction(text.substr(std::min(point + 1, text.size())));
  if (!whole || *whole > 1 || fraction.size() > 6 || (point < text.size() && fraction.empty())) {
    return std::nullopt;
  }
  fraction.resize(6, '0');
  const auto millionths = parse_count(fraction);
  if (!millionths || *whole * certain_millionths + *millionths > certain_millionths) {
    return std::nullopt;
  }
  return *whole * certain_millionths + *millionths;
}

std::optional<std::int64_t> parse_ns(std::string_view text) {
  const auto ns = parse_duration(text);
  return ns ? std::optional(*ns) : std::nullopt;
}

std::optional<std::int64_t> parse_number(ValueType type, std::string_view text) {
  switch (type) {
    case ValueType::count:
      return parse_count(text);
    case ValueType::duration:
      return parse_ns(text);
    case ValueType::signed_duration: {
      const bool back = text.starts_with('-');
      const auto ns = parse_ns(text.substr(back ? 1 : 0));
      return ns && back ? std::optional(-*ns) : ns;
    }
    case ValueType::chance:
      return parse_chance(text);
    case ValueType::event:
    case ValueType::call:
      break;
  }
  return std::nullopt;
}

/// `12500000000` as `12.5s`, so that parse_duration gives it back.
std::string duration_text(std::int64_t ns) {
  if (ns < 0) {
    return '-' + duration_text(-ns);
  }
  for (const auto& [unit_ns, suffix] :
       {std::pair{ns_per_s, "s"}, std::pair{ns_per_ms, "ms"}, std::pair{ns_per_us, "us"}}) {
    if (ns % unit_ns == 0) {
      return std::to_string(ns / unit_ns) + suffix;
    }
  }
  return std::to_string(ns) + "ns";
}

std::string chance_text(std::int64_t millionths) {
  std::string digits = std::to_string(certain_millionths + millionths % certain_millionths);
  digits[0] = '.';
  digits.erase(digits.find_last_not_of('0') + 1);
  return std::to_string(millionths / certain_millionths) + (digits == "." ? "" : digits);
}

std::string number_text(ValueType type, std::int64_t number) {
  switch (type) {
    case ValueType::duration:
    case ValueType::signed_duration:
      return duration_text(number);
    case ValueType::chance:
      return chance_text(number);
    case ValueType::count:
    case ValueType::event:
    case ValueType::call:
      break;
  }
  return std::to_string(number);
}

/// What may stand for the value of `key`, as a clause.
std::string expected(const KeySyntax& key) {
  const auto bounds = [&] {
    return number_text(key.type, key.least) + " to " + number_text(key.type, key.most);
  };
  const bool unbounded = key.most == std::numeric_limits<std::int64_t>::max();
  const std::string range = key.drawn ? ", or two with '..' between them" : "";
  switch (key.type) {
    case ValueType::count:
      return (unbounded ? "a whole number from 1 on" : "a whole number from " + bounds()) + range;
    case ValueType::duration:
      return "a time of " + bounds() + ", as 250ms or 12.5s" + range;
    case ValueType::signed_duration:
      return "a time as 5s, or -5s to go back";
    case ValueType::chance:
      return "a chance from 0 to 1 of at most six decimals, as 0.01";
    case ValueType::event:
      return "the name of an event, as participant_update";
    case ValueType::call:
      return "the last part of the path of a request, as refresh_token, mute or events";
  }
  return {};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Fault> parse() {
    const std::string_view name = take_until(":");
    const auto* const found = std::ranges::find(syntax, name, &FaultSyntax::name);
    if (found == std::end(syntax)) {
      return mistake(0, quoted(name) + " is no fault; it may be " + listed(all_names()));
    }
    fault_.kind = found->kind;
    if (at_ < text_.size()) {
      do {
        ++at_;
        if (auto taken = take_pair(*found); !taken) {
          return fail(taken.error());
        }
      } while (at_ < text_.size());
    }
    return finish(*found);
  }

 private:
  static std::string all_names() {
    std::string names;
    for (const FaultSyntax& row : syntax) {
      names += (names.empty() ? "" : ",") + std::string(row.name);
    }
    return names;
  }

  Failure mistake(std::size_t at, const std::string& what) const {
    return fail_usage("in " + quoted(text_) + " at column " + std::to_string(at + 1) + ": " + what);
  }

  std::string_view take_until(std::string_view ends) {
    const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    const std::string_view taken = text_.substr(at_, end - at_);
    at_ = end;
    return taken;
  }

  Result<void> take_pair(const FaultSyntax& row) {
    const std::size_t name_at = at_;
    const std::string_view name = take_until("=,");
    bool known = false;
    for (std::string_view rest = row.keys; !rest.empty();) {
      known = take_name(rest) == name || known;
    }
    if (!known) {
      return mistake(name_at, quoted(name) + " is no key of " + std::string(row.name) +
                                  ", which takes " + listed(row.keys));
    }
    const KeySyntax& key = key_syntax(name);
    if (fault_.numbers.contains(key.key) || fault_.names.contains(key.key)) {
      return mistake(name_at, std::string(name) + " is there already");
    }
    if (at_ == text_.size() || text_[at_] != '=') {
      return mistake(at_, "'=' must follow, and " + expected(key));
    }
    ++at_;
    const std::size_t value_at = at_;
    return take_value(key, value_at, take_until(","));
  }

  Result<void> take_value(const KeySyntax& key, std::size_t at, std::string_view value) {
    const auto wrong = [&] { return mistake(at, quoted(value) + " is not " + expected(key)); };
    if (key.type == ValueType::event || key.type == ValueType::call) {
      if (value.empty() || (key.type == ValueType::call && !is_call(value))) {
        return wrong();
      }
      fault_.names[key.key] = value;
      return {};
    }
    const std::size_t sign = key.drawn ? value.find(range_sign) : std::string_view::npos;
    const auto least = parse_number(key.type, value.substr(0, sign));
    const auto most = sign == std::string_view::npos
                          ? least
                          : parse_number(key.type, value.substr(sign + range_sign.size()));
    if (!least || !most || *least < key.least || *most > key.most || *least > *most) {
      return wrong();
    }
    fault_.numbers[key.key] = {*least, *most};
    return {};
  }

  static bool is_call(std::string_view name) {
    return name == "events" || name == "status" ||
           std::ranges::any_of(all_endpoints(), [&](const Endpoint& endpoint) {
             return is_called(endpoint.path, name);
           });
  }

  [[nodiscard]] bool has(FaultKey key) const {
    return fault_.numbers.contains(key) || fault_.names.contains(key);
  }

  /// What no single key tells.
  Result<Fault> finish(const FaultSyntax& row) {
    std::string_view rest = row.keys;
    for (std::size_t i = 0; i < row.required; ++i) {
      const KeySyntax& key = key_syntax(take_name(rest));
      if (!has(key.key)) {
        return mistake(text_.size(), std::string(row.name) + " needs " + std::string(key.name) +
                                         "=, " + expected(key));
      }
    }
    const int which = int{has(FaultKey::frame)} + int{has(FaultKey::t)} + int{has(FaultKey::p)};
    if (which > 1 || (has(FaultKey::n) && has(FaultKey::p))) {
      return mistake(text_.size(), has(FaultKey::n) ? "n and p exclude one another"
                                                    : "frame, t and p exclude one another");
    }
    if (row.kind == FaultKind::drop && which == 0 && !has(FaultKey::event)) {
      return mistake(text_.size(), "drop needs one of frame, t, p and event");
    }
    if (fault_.exact(FaultKey::by) == 0) {
      return mistake(text_.size(), "a jump by no time is none");
    }
    if (row.kind == FaultKind::stall) {
      if (has(FaultKey::t) == has(FaultKey::every)) {
        return mistake(text_.size(), "stall needs either t or every");
      }
      if (has(FaultKey::every) &&
          *fault_.exact(FaultKey::every) <= fault_.number(FaultKey::lasts)->most) {
        return mistake(text_.size(), "every must be longer than for");
      }
    }
    return std::move(fault_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Fault fault_;
};

}  // namespace

std::optional<Between> Fault::number(FaultKey key) const {
  const auto found = numbers.find(key);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> Fault::exact(FaultKey key) const {
  const auto found = number(key);
  return found ? std::optional(found->least) : std::nullopt;
}

std::string_view Fault::name(FaultKey key) const {
  const auto found = names.find(key);
  return found == names.end() ? std::string_view() : std::string_view(found->second);
}

std::span<const FaultSyntax> fault_syntax() {
  return syntax;
}

Result<Fault> parse_fault(std::string_view text) {
  return Parser(text).parse();
}

std::string to_string(const Fault& fault) {
  std::string text(syntax_of(fault.kind).name);
  const char* sign = ":";
  for (std::string_view rest = syntax_of(fault.kind).keys; !rest.empty();) {
    const KeySyntax& key = key_syntax(take_name(rest));
    const auto number = fault.number(key.key);
    if (!number && fault.name(key.key).empty()) {
      continue;
    }
    text += std::exchange(sign, ",") + std::string(key.name) + '=';
    text += fault.name(key.key);
    if (number) {
      text += number_text(key.type, number->least);
      if (number->most != number->least) {
        text += std::string(range_sign) + number_text(key.type, number->most);
      }
    }
  }
  return text;
}

}  // namespace tapedeck::replayer
