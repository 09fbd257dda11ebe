#include "replayer/facade.hpp"

#include <utility>

#include "core/base/join_defaults.hpp"
#include "core/base/json_text.hpp"
#include "replayer/join_request.hpp"

namespace tapedeck::replayer {
namespace {

/// Seconds, as text (the client refuses a number). It refreshes its token in a third of that.
constexpr std::string_view expires = "120";

Answer success(std::string_view result) {
  Answer answer;
  answer.body = R"({"status":"success","result":)";
  answer.body += result;
  answer.body += '}';
  return answer;
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

Answer failure(int status, std::string_view why) {
  Answer answer;
  answer.status = status;
  answer.body = R"({"status":"failed","result":)";
  append_json_string(answer.body, why);
  answer.body += '}';
  return answer;
}

Facade::Facade(FacadeHooks hooks) : hooks_(std::move(hooks)), members_(hooks_.leave) {}

Answer Facade::answer(const Request& request) {
  const auto target = parse_target(request.target);
  if (!target) {
    return request.method == "OPTIONS" && request.target == "*" ? no_content()
                                                                : failure(400, "Bad target");
  }
  if (target->path == std::vector<std::string>{"events"}) {
    if (auto done = answer_method(request.method, "GET")) {
      return *done;
    }
    return stream({});
  }
  return answer_conference(request, *target);
}

Answer Facade::answer_conference(const Request& request, const Target& target) {
  const auto below = below_api(target.path);
  if (!below) {
    return not_found();
  }
  if (*below == std::vector<std::string_view>{"status"}) {
    return answer_method(request.method, "GET").value_or(success("true"));
  }
  if (below->size() < 3 || below->front() != "conferences" || (*below)[1].empty()) {
    return not_found();
  }
  // The client puts the alias into this URL as it is: it may look like several segments.
  if (below->back() == "events") {
    if (auto done = answer_method(request.method, "GET")) {
      return *done;
    }
    const Member* member = member_of(request, target);
    if (member == nullptr) {
      return failure(403, "Invalid token");
    }
    return stream({member->id, member->participant_uuid, member->display_name});
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
  if (found.kind == EndpointKind::request_token) {
    return request_token((*below)[1], request.body);
  }
  return answer_endpoint(found, request, target);
}

Answer Facade::answer_endpoint(const Endpoint& endpoint, const Request& request,
                               const Target& target) {
  const Member* member = member_of(request, target);
  if (member == nullptr) {
    Answer refused = failure(403, "Invalid token");
    refused.hold_back = endpoint.kind == EndpointKind::refresh_token;
    return refused;
  }
  return member_answer(endpoint, *member);
}

Answer Facade::member_answer(const Endpoint& endpoint, const Member& member) {
  switch (endpoint.kind) {
    case EndpointKind::request_token:
    case EndpointKind::fixed:
      return success(endpoint.result);
    case EndpointKind::refresh_token: {
      std::string result = R"({"expires":)";
      append_json_string(result, expires);
      append_member(result, "token", members_.refresh(member.id));
      return success(result + '}');
    }
    case EndpointKind::release_token:
      members_.release(member.id);
      return success("true");
    case EndpointKind::call: {
      // A WebRTC call without an answer stays connecting; the last two are for an RTMP call.
      std::string result = R"({"sdp":"","url":"","secure_url":"")";
      append_member(result, "call_uuid", numbered_uuid(++uuids_given_));
      return success(result + '}');
    }
    case EndpointKind::breakouts: {
      std::string result = R"({"breakout_uuid":)";
      append_json_string(result, numbered_uuid(++uuids_given_));
      return success(result + '}');
    }
    case EndpointKind::theme:
      return no_content();
    case EndpointKind::avatar:
      return failure(404, "No avatar");
  }
  return not_found();
}

Answer Facade::request_token(std::string_view alias, std::string_view body) {
  auto request = parse_join_request(body);
  if (!request) {
    return failure(400, "The body is not JSON with a display_name");
  }
  std::string uuid = hooks_.participant_uuid(members_.joined() + 1);
  if (const auto joined = hooks_.join(uuid, request->display_name); !joined) {
    return failure(403, joined.error().message);
  }
  const Member& member = members_.join(std::move(uuid), std::move(request->display_name));
  std::string result =
      R"({"version":{},"role":"HOST","current_service_type":"conference","call_type":"video")"
      R"(,"direct_media":false)";
  append_member(result, "expires", expires);
  append_member(result, "token", member.tokens.back());
  append_member(result, "participant_uuid", member.participant_uuid);
  append_member(result, "display_name", member.display_name);
  append_member(result, "conference_name", conference_name_of(alias));
  return success(result + '}');
}

const Member* Facade::member_of(const Request& request, const Target& target) {
  // EventSource and sendBeacon cannot set a header.
  return members_.find(request.token.empty() ? target.parameter("token").value_or("")
                                             : std::string(request.token));
}

std::string numbered_uuid(std::uint64_t number) {
  std::string uuid(default_participant_uuid);
  for (std::size_t at = uuid.size(); number != 0 && uuid[at - 1] != '-'; number >>= 4) {
    uuid[--at] = "0123456789abcdef"[number & 15];
  }
  return uuid;
}

}  // namespace tapedeck::replayer
