#include "replayer/facade.hpp"

#include <utility>

#include "core/base/join_defaults.hpp"
#include "core/base/json_text.hpp"
#include "replayer/join_request.hpp"
#include "replayer/media_offer.hpp"

namespace tapedeck::replayer {
namespace {

/// The client puts the alias into the URL of the stream as it is: it may look like several
/// segments.
std::string joined(const std::vector<std::string_view>& segments) {
  std::string alias;
  for (const std::string_view segment : segments) {
    alias += alias.empty() ? "" : "/";
    alias += segment;
  }
  return alias;
}

Answer no_content() {
  Answer answer;
  answer.status = 204;
  return answer;
}

Answer stream(StreamGrant grant) {
  Answer answer;
  answer.stream = std::move(grant);
  return answer;
}

Answer not_found() {
  return failure(404, "Nothing is here; see /events and /api/client/v2/conferences/ALIAS/");
}

/// For OPTIONS, and for methods that are not there.
std::optional<Answer> answer_method(std::string_view method, std::string_view allowed) {
  if (method == allowed || (method == "HEAD" && allowed == "GET")) {
    return std::nullopt;
  }
  Answer answer = method == "OPTIONS" ? no_content() : failure(405, "Method not allowed");
  answer.allow = allowed == "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
  return answer;
}

/// The path below the API, or nothing where it is not part of it.
std::optional<std::vector<std::string_view>> below_api(const std::vector<std::string>& path) {
  if (path.size() < 3 || path[0] != "api" || path[1] != "client" || path[2] != "v2") {
    return std::nullopt;
  }
  return std::vector<std::string_view>(path.begin() + 3, path.end());
}

void append_member(std::string& out, std::string_view key, std::string_view value) {
  out += ',';
  append_json_string(out, key);
  out += ':';
  append_json_string(out, value);
}

}  // namespace

Facade::Facade(FacadeHooks hooks, Admission admission, TokenRules tokens)
    : hooks_(std::move(hooks)),
      admission_(std::move(admission)),
      members_(hooks_.leave, std::move(tokens)) {}

Answer Facade::answer(const Request& request) {
  const auto target = parse_target(request.target);
  if (!target) {
    return request.method == "OPTIONS" && request.target == "*" ? no_content()
                                                                : failure(400, "Bad target");
  }
  if (!target->path.empty() && target->path.size() <= 2 && target->path.front() == "events") {
    if (auto done = answer_method(request.method, "GET")) {
      return *done;
    }
    StreamGrant anybody;
    anybody.who.alias = target->path.size() == 2 ? target->path.back() : "";
    if (hooks_.find) {
      if (const auto found = hooks_.find(anybody.who.alias); !found) {
        return failure(404, found.error().message);
      }
    }
    return refusal("events").value_or(stream(std::move(anybody)));
  }
  return answer_conference(request, *target);
}

Answer Facade::answer_conference(const Request& request, const Target& target) {
  const auto below = below_api(target.path);
  if (!below) {
    return not_found();
  }
  if (*below == std::vector<std::string_view>{"status"}) {
    if (auto done = answer_method(request.method, "GET")) {
      return *done;
    }
    if (auto refused = refusal("status")) {
      return *refused;
    }
    return in_maintenance(admission_).value_or(success("true"));
  }
  if (below->size() < 3 || below->front() != "conferences" || (*below)[1].empty()) {
    return not_found();
  }
  if (below->back() == "events") {
    return answer_events(joined({below->begin() + 1, below->end() - 1}), request, target);
  }
  // A newer client may know an endpoint that the table does not: a command is done.
  static constexpr Endpoint unknown_command{EndpointKind::fixed, "POST", "", "true"};
  const Endpoint* endpoint = find_endpoint({below->begin() + 2, below->end()});
  if (endpoint == nullptr && (request.method == "GET" || request.method == "HEAD")) {
    return not_found();
  }
  const Endpoint& found = endpoint != nullptr ? *endpoint : unknown_command;
  if (auto done = answer_method(request.method, found.method)) {
    return *done;
  }
  if (auto refused = refusal(endpoint != nullptr ? found.path : below->back())) {
    refused->hold_back = found.kind == EndpointKind::refresh_token;
    return *refused;
  }
  if (found.kind == EndpointKind::request_token) {
    return request_token((*below)[1], request);
  }
  return answer_endpoint(found, {below->begin() + 1, below->end()}, request, target);
}

Answer Facade::answer_events(std::string_view alias, const Request& request, const Target& target) {
  if (auto done = answer_method(request.method, "GET")) {
    return *done;
  }
  if (auto refused = refusal("events")) {
    return *refused;
  }
  const Member* member = member_of(alias, request, target);
  if (member == nullptr) {
    return failure(403, invalid_token);
  }
  return stream({member->id, member->who});
}

std::optional<Answer> Facade::refusal(std::string_view call) const {
  const auto status = hooks_.refuse ? hooks_.refuse(call) : std::nullopt;
  if (!status) {
    return std::nullopt;
  }
  return failure(*status, *status == 401 || *status == 403 ? invalid_token : "Service unavailable");
}

/// The path begins with the alias.
Answer Facade::answer_endpoint(const Endpoint& endpoint, const std::vector<std::string_view>& path,
                               const Request& request, const Target& target) {
  const Member* member = member_of(path.front(), request, target);
  if (member == nullptr) {
    Answer refused = failure(403, invalid_token);
    refused.hold_back = endpoint.kind == EndpointKind::refresh_token;
    return refused;
  }
  using enum EndpointKind;
  const bool makes_one = endpoint.kind == call || endpoint.kind == breakouts;
  const std::string new_uuid = makes_one ? numbered_uuid(++uuids_given_) : std::string();
  const bool stays = endpoint.kind != refresh_token && endpoint.kind != release_token;
  Answer answer = member_answer(endpoint, *member, request, new_uuid);
  if (hooks_.call && stays && request.method != "HEAD") {
    hooks_.call({.who = member->who,
                 .method = request.method,
                 .path = {path.begin() + 1, path.end()},
                 .query = target.query,
                 .body = request.body,
                 .room_uuid = endpoint.kind == breakouts ? new_uuid : std::string_view()},
                answer);
  }
  return answer;
}

Answer Facade::member_answer(const Endpoint& endpoint, const Member& member, const Request& request,
                             const std::string& new_uuid) {
  switch (endpoint.kind) {
    case EndpointKind::request_token:
    case EndpointKind::fixed:
      return success(endpoint.result);
    case EndpointKind::refresh_token: {
      std::string result = R"({"expires":)";
      append_json_string(result, expires());
      append_member(result, "token", members_.refresh(member.id, request.now_ns));
      return success(result + '}');
    }
    case EndpointKind::release_token:
      members_.release(member.id);
      return success("true");
    case EndpointKind::call: {
      std::string result = R"({"url":"","secure_url":"")";  // for an RTMP call
      append_member(result, "sdp", refuse_media(sdp_of_call(request.body)));
      append_member(result, "call_uuid", new_uuid);
      return success(result + '}');
    }
    case EndpointKind::update: {
      std::string result;
      append_json_string(result, refuse_media(sdp_of_call(request.body)));
      return success(result);
    }
    case EndpointKind::breakouts: {
      std::string result = R"({"breakout_uuid":)";
      append_json_string(result, new_uuid);
      return success(result + '}');
    }
    case EndpointKind::theme:
      return no_content();
    case EndpointKind::avatar:
      return failure(404, "No image available");
  }
  return not_found();
}

Answer Facade::request_token(std::string_view alias, const Request& request) {
  auto join = parse_join_request(request.body);
  if (!join) {
    return failure(400, "The body is not JSON with a display_name");
  }
  auto role = role_of(alias, *join, request.pin);
  if (const auto* refused = std::get_if<Answer>(&role)) {
    return *refused;
  }
  const std::uint64_t number = members_.joined() + 1;
  JoinInfo who{.number = number,
               .participant_uuid = hooks_.participant_uuid(number, alias),
               .display_name = std::move(join->display_name),
               .alias = std::string(alias),
               .call_tag = std::move(join->call_tag),
               .pass = std::move(join->token),
               .role = std::get<Role>(role)};
  const auto entrance = hooks_.join(who);
  if (!entrance) {
    return failure(403, entrance.error().message);
  }
  const Member& member = members_.join(std::move(who), request.now_ns);
  std::string result = R"({"version":{})";
  append_member(result, "role", member.who.role == Role::host ? "HOST" : "GUEST");
  append_member(result, "current_service_type",
                *entrance == Entrance::conference ? "conference" : "waiting_room");
  result += R"(,"call_type":"video","direct_media":false)";
  append_member(result, "expires", expires());
  append_member(result, "token", member.tokens.back().text);
  append_member(result, "participant_uuid", member.who.participant_uuid);
  append_member(result, "display_name", member.who.display_name);
  append_member(result, "conference_name", conference_name_of(alias));
  return success(result + '}');
}

std::variant<Role, Answer> Facade::role_of(std::string_view alias, const JoinRequest& join,
                                           std::string_view pin) {
  if (auto away = turn_away(admission_, alias)) {
    return *std::move(away);
  }
  if (!join.token.empty() && hooks_.redeem) {
    // Who was sent here by a transfer is asked for nothing else.
    const auto role = hooks_.redeem(alias, join.token);
    if (!role) {
      return failure(403, role.error().message);
    }
    if (*role) {
      return **role;
    }
  }
  return judge(admission_, alias, join, pin);
}

const Member* Facade::member_of(std::string_view alias, const Request& request,
                                const Target& target) {
  // EventSource and sendBeacon cannot set a header.
  const Member* member = members_.find(
      request.token.empty() ? target.parameter("token").value_or("") : std::string(request.token),
      request.now_ns);
  const bool elsewhere = member != nullptr && members_.rules().strict && member->who.alias != alias;
  return elsewhere ? nullptr : member;
}

std::string Facade::expires() const {
  return std::to_string(members_.rules().life.count());
}

std::string numbered_uuid(std::uint64_t number) {
  std::string uuid(default_participant_uuid);
  for (std::size_t at = uuid.size(); number != 0 && uuid[at - 1] != '-'; number >>= 4) {
    uuid[--at] = "0123456789abcdef"[number & 15];
  }
  return uuid;
}

}  // namespace tapedeck::replayer
