#include "replayer/control_api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

namespace json = boost::json;

namespace {

struct Route {
  std::string_view name;
  bool get;
  bool post;
  std::array<std::string_view, 4> members = {};  ///< of the body
};

constexpr std::array routes{Route{"events", true, false},
                            Route{"marks", true, true, {"text", "at"}},
                            Route{"openapi.json", true, false},
                            Route{"pause", false, true},
                            Route{"rate", false, true, {"rate"}},
                            Route{"resume", false, true},
                            Route{"seek", false, true, {"to", "by", "mark", "event"}},
                            Route{"state", true, false},
                            Route{"status", true, false},
                            Route{"step", false, true, {"frames"}}};

/// A line where it is one, as every command prints it.
Answer json_answer(int status, std::string body) {
  if (!body.empty() && body.back() != '\n') {
    body += '\n';
  }
  Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

Answer refuse(int status, std::string_view why) {
  std::string body;
  JsonWriter(body).begin_object().member("error", why).end_object();
  return json_answer(status, std::move(body));
}

int status_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::unknown_session:
      return 404;
    case Refusal::nothing_there:
      return 409;
    case Refusal::failed:
      return 500;
  }
  return 500;
}

std::string allowed(const Route& route) {
  return std::string(route.get ? "GET, HEAD, " : "") + (route.post ? "POST, " : "") + "OPTIONS";
}

/// For OPTIONS, and for methods that are not there.
std::optional<Answer> answer_method(std::string_view method, const Route& route) {
  const bool reads = method == "GET" || method == "HEAD";
  if ((reads && route.get) || (method == "POST" && route.post)) {
    return std::nullopt;
  }
  Answer answer = refuse(405, "This method does nothing here");
  if (method == "OPTIONS") {
    answer = json_answer(204, "");
  }
  answer.allow = allowed(route);
  return answer;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// The host of a Host header, without its port and brackets; "" for what is none.
std::string_view host_of(std::string_view header) {
  if (header.starts_with('[')) {
    const std::size_t end = header.find(']');
    return end == std::string_view::npos ? "" : header.substr(1, end - 1);
  }
  return header.substr(0, header.find(':'));
}

void append_lateness(JsonWriter& out, const Lateness& lateness) {
  out.key("lateness_ns");
  if (lateness.count() == 0) {
    out.null();
    return;
  }
  out.begin_object()
      .member("p50", lateness.quantile_ns(500))
      .member("p99", lateness.quantile_ns(990))
      .member("max", lateness.max_ns())
      .end_object();
}

void append_glance(JsonWriter& out, const Session& session) {
  const auto glance = session.reel->glance(session.seq);
  out.key("state");
  if (!glance || !*glance) {
    out.null();
    return;
  }
  out.begin_object()
      .member("participants", std::uint64_t{(*glance)->participants})
      .member("breakouts", std::uint64_t{(*glance)->breakouts})
      .key("presenter");
  (*glance)->presenter.empty() ? out.null() : out.string((*glance)->presenter);
  out.key("locked").boolean((*glance)->locked).end_object();
}

void append_session(JsonWriter& out, const Session& session, bool with_glance) {
  out.begin_object().member("session", session.id);
  if (!session.conference.empty()) {
    out.member("conference", session.conference);
  }
  if (!session.listener.empty()) {
    out.member("listener", session.listener);
  }
  out.member("clients", std::uint64_t{session.clients});
  out.key("paused").boolean(session.paused);
  out.key("over").boolean(session.over);
  out.member("rate", session.rate.to_string())
      .member("t_ns", session.reel->tape_ns(session.at_ns))
      .member("end_ns", session.reel->end_ns())
      .member("seq", session.seq);
  if (with_glance) {
    append_glance(out, session);
  }
  out.end_object();
}

void append_mark(JsonWriter& out, const Mark& mark) {
  out.begin_object().member("t_ns", mark.at_ns).member("text", mark.text).end_object();
}

/// Something to read in one line.
bool is_line(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  return !text.empty() && text.size() <= limits::mark_bytes_max &&
         std::ranges::none_of(text, is_control);
}

/// What there is to say of a member that means nothing, as one that is misspelt; "": nothing.
std::string complaint_about(const json::object& body, const Route& route) {
  for (const auto& member : body) {
    const std::string_view key(member.key().data(), member.key().size());
    if (key == "session") {
      return "A session is named in the URL: ?session=N";
    }
    if (key.empty() || std::ranges::find(route.members, key) == route.members.end()) {
      return "'" + std::string(key) + "' means nothing to " + std::string(route.name);
    }
  }
  return {};
}

/// A DURATION, with a minus where time may go back.
std::optional<std::int64_t> duration_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative || text.starts_with('+') ? 1 : 0);
  const auto ns = parse_duration(text);
  return ns ? std::optional(negative ? -*ns : *ns) : std::nullopt;
}

}  // namespace

/// A request that has been understood so far.
struct ControlApi::Call {
  std::string_view method;
  SessionId session = all_sessions;
  json::object body;

  /// A member that is a string; nothing: it is not there, or something else.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const {
    const json::value* value = body.if_contains(json::string_view(key.data(), key.size()));
    if (value == nullptr || !value->is_string()) {
      return std::nullopt;
    }
    return std::string_view(value->get_string().data(), value->get_string().size());
  }
};

bool ControlApi::serves(std::string_view target) {
  const auto parsed = parse_target(target);
  return parsed && !parsed->path.empty() && parsed->path.front() == "tapedeck";
}

bool ControlApi::is_welcome(const Request& request) const {
  const std::string_view host = host_of(request.host);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  const bool is_address = !error && (address.is_loopback() || guard_.allow_remote);
  if (!is_address && !equal_without_case(host, "localhost") &&
      !equal_without_case(host, guard_.listen_host)) {
    return false;
  }
  const std::string own = (guard_.tls ? "https://" : "http://") + std::string(request.host);
  return request.origin.empty() || equal_without_case(request.origin, own);
}

Answer ControlApi::answer(const Request& request) {
  const auto with_rules = [](Answer answer) {
    answer.own_pages_only = true;
    return answer;
  };
  if (!is_welcome(request)) {
    return with_rules(refuse(403, "Only this machine and pages of this server may steer"));
  }
  const auto target = parse_target(request.target);
  const bool is_v1 = target && target->path.size() == 3 && target->path[1] == "v1";
  const auto route = std::ranges::find(routes, is_v1 ? target->path[2] : "", &Route::name);
  if (route == routes.end()) {
    return with_rules(refuse(404, "Nothing is here; see /tapedeck/v1/openapi.json"));
  }
  if (auto answered = answer_method(request.method, *route)) {
    return with_rules(*std::move(answered));
  }
  Call call{.method = request.method, .session = all_sessions, .body = {}};
  if (const auto session = target->parameter("session")) {
    const char* const last = session->data() + session->size();
    const auto [end, error] = std::from_chars(session->data(), last, call.session);
    if (error != std::errc{} || end != last || call.session == all_sessions) {
      return with_rules(refuse(400, "The session is not one of the numbers of the status"));
    }
  }
  if (request.body.size() > limits::control_body_bytes_max) {
    return with_rules(refuse(413, "The body is too large"));
  }
  if (!request.body.empty()) {
    json::error_code error;
    json::value body =
        json::parse(json::string_view(request.body.data(), request.body.size()), error);
    if (error || !body.is_object()) {
      return with_rules(refuse(400, "The body is not a JSON object"));
    }
    call.body = std::move(body.get_object());
    const std::string complaint = route->post ? complaint_about(call.body, *route) : std::string();
    if (!complaint.empty()) {
      return with_rules(refuse(400, complaint));
    }
  }
  return with_rules(answer_call(call, route->name));
}

Answer ControlApi::answer_call(const Call& call, std::string_view name) {
  if (name == "status") {
    return status(call.session);
  }
  if (name == "openapi.json") {
    return json_answer(200, std::string(openapi_text()));
  }
  if (name == "pause") {
    return done(call.session, steering_.pause(call.session));
  }
  if (name == "resume") {
    return done(call.session, steering_.resume(call.session));
  }
  if (name == "step") {
    return step(call);
  }
  if (name == "seek") {
    return seek(call);
  }
  if (name == "rate") {
    return set_rate(call);
  }
  if (name == "marks") {
    return call.method == "POST" ? add_mark(call) : marks(call);
  }
  if (name == "state") {
    return state(call);
  }
  Answer answer;
  answer.feed = true;
  return answer;
}

Answer ControlApi::step(const Call& call) {
  std::int64_t frames = 1;
  if (const json::value* given = call.body.if_contains("frames")) {
    frames = given->is_int64() ? given->get_int64() : 0;
  }
  const auto count = static_cast<std::uint64_t>(frames < 0 ? -(frames + 1) : frames - 1) + 1;
  if (frames == 0 || count > limits::steps_max) {
    return refuse(400, "frames is how many, to 10000; negative: back");
  }
  return done(
      call.session,
      steering_.step(call.session, frames < 0 ? Direction::back : Direction::forward, count));
}

Answer ControlApi::seek(const Call& call) {
  if (call.body.size() == 1) {
    if (const auto to = call.text("to")) {
      if (const auto ns = parse_duration(*to)) {
        return done(call.session, steering_.seek_to(call.session, *ns));
      }
    }
    if (const auto by = call.text("by")) {
      if (const auto ns = duration_of(*by)) {
        return done(call.session, steering_.seek_by(call.session, *ns));
      }
    }
    if (const auto mark = call.text("mark"); mark == "next" || mark == "previous") {
      return done(
          call.session,
          steering_.seek_mark(call.session, mark == "next" ? Direction::forward : Direction::back));
    }
    if (const auto event = call.text("event"); event && !event->empty()) {
      return done(call.session, steering_.seek_event(call.session, *event));
    }
  }
  return refuse(400,
                "One of these says where to: {\"to\": \"12.5s\"}, {\"by\": \"-3s\"}, "
                "{\"mark\": \"next\"}, {\"mark\": \"previous\"}, {\"event\": \"stage\"}");
}

Answer ControlApi::set_rate(const Call& call) {
  const json::value* given = call.body.if_contains("rate");
  if (given == nullptr || (!given->is_string() && !given->is_int64())) {
    return refuse(400, "rate is a string, as \"0.5\" or \"max\", or a whole number");
  }
  const auto rate = Rate::parse(given->is_int64() ? std::to_string(given->get_int64())
                                                  : std::string(*call.text("rate")));
  return rate ? done(call.session, steering_.set_rate(call.session, *rate))
              : refuse(400, "rate is the speed: " + rate.error().message);
}

Answer ControlApi::marks(const Call& call) const {
  const auto sessions = steering_.sessions(call.session);
  if (sessions.empty() && call.session != all_sessions) {
    return refuse(404, "There is no such session");
  }
  std::string body;
  JsonWriter out(body);
  out.begin_object().key("marks").begin_array();
  std::set<const Reel*> told;
  for (const Session& session : sessions) {
    if (told.insert(session.reel).second) {
      for (const Mark& mark : session.reel->marks()) {
        append_mark(out, mark);
      }
    }
  }
  out.end_array().end_object();
  return json_answer(200, std::move(body));
}

Answer ControlApi::add_mark(const Call& call) {
  const auto text = call.text("text");
  const auto at = call.text("at");
  const auto at_ns = at ? parse_duration(*at) : Result<std::int64_t>(0);
  if (!text || !at_ns || (call.body.contains("at") && !at)) {
    return refuse(400, "A mark is {\"text\": \"...\"}, and with \"at\": \"12.5s\" not of now");
  }
  if (!is_line(*text)) {
    return refuse(400, "The text of a mark is one line of at most 1024 bytes");
  }
  const Steered marked =
      steering_.mark(call.session, at ? std::optional(*at_ns) : std::nullopt, std::string(*text));
  if (marked.refusal) {
    return refuse(status_of(*marked.refusal), marked.sentence);
  }
  std::string body;
  JsonWriter(body).begin_object().member("message", marked.sentence).end_object();
  return json_answer(201, std::move(body));
}

Answer ControlApi::state(const Call& call) const {
  const auto sessions = steering_.sessions(call.session);
  if (sessions.size() != 1) {
    return call.session != all_sessions ? refuse(404, "There is no such session")
           : sessions.empty()           ? refuse(409, "Nothing is played")
                              : refuse(409, "There are several sessions: name one, ?session=N");
  }
  const auto state = sessions.front().reel->state_json(sessions.front().seq);
  return state ? json_answer(200, *state) : refuse(500, state.error().message);
}

Answer ControlApi::status(SessionId id) const {
  if (id != all_sessions && steering_.sessions(id).empty()) {
    return refuse(404, "There is no such session");
  }
  return json_answer(200, status_json(steering_, id));
}

Answer ControlApi::done(SessionId id, const Steered& steered) const {
  return steered.refusal ? refuse(status_of(*steered.refusal), steered.sentence) : status(id);
}

std::string ControlApi::status_block() const {
  return "event: status\ndata: " + status_json(steering_, all_sessions) + "\n\n";
}

std::string status_json(const Steering& steering, SessionId id) {
  const auto sessions = steering.sessions(id);
  const Plays& plays = steering.plays();
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("sessions").begin_array();
  for (const Session& session : sessions) {
    append_session(out, session, sessions.size() == 1);
  }
  out.end_array();
  out.key("next").begin_object();
  out.key("paused").boolean(plays.begins_paused());
  out.member("rate", plays.begins_at_rate().to_string()).end_object();
  out.member("frames", plays.played().frames).member("bytes", plays.played().bytes);
  append_lateness(out, plays.played().lateness);
  out.end_object();
  return text;
}

}  // namespace tapedeck::replayer
