#include "recorder/join_protocol.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "recorder/ascii.hpp"
#include "recorder/response.hpp"

namespace tapedeck::recorder {

namespace json = boost::json;

namespace {

constexpr std::int64_t usual_life_ns = 120 * ns_per_s;

/// As JavaScript's encodeURIComponent.
std::string encode_component(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || std::string_view("-_.!~*'()").find(c) != std::string::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return out;
}

/// null where `text` is not JSON.
json::value parse_json(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  return error ? json::value() : value;
}

/// The member of an object, or null.
const json::value* member(const json::value* value, std::string_view key) {
  return value != nullptr && value->is_object()
             ? value->get_object().if_contains(json::string_view(key.data(), key.size()))
             : nullptr;
}

/// "" where it is no string.
std::string text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Seconds as a string, as nodes send them, or as a number.
std::int64_t life_of(const json::value* expires) {
  std::string text = text_of(expires);
  if (expires != nullptr && expires->is_int64()) {
    text = std::to_string(expires->get_int64());
  }
  std::int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t day_s = 86'400;
  return error == std::errc{} && seconds > 0 ? std::min(seconds, day_s) * ns_per_s : usual_life_ns;
}

/// Fit for a header and a URL.
bool is_token(std::string_view token) {
  return !token.empty() && std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
}

JoinRefusal refusal(std::string reason) {
  return {.reason = std::move(reason)};
}

JoinRefusal ask_for_pin(const JoinWishes& wishes, bool guests_need_one) {
  if (!wishes.pin.empty()) {
    return refusal("it does not take the PIN given");
  }
  if (guests_need_one) {
    return refusal("it asks for a PIN; give one with --pin-file or --pin");
  }
  JoinRefusal asked = refusal(
      "it asks for a PIN; give one with --pin-file or --pin, or join as a guest with --guest");
  asked.guest_without_pin = wishes.role == WantedRole::guest;
  return asked;
}

/// A 403: the node wants something more, or does not want us.
JoinRefusal judge_403(const json::value* result, const JoinWishes& wishes) {
  if (const std::string why = text_of(result); !why.empty()) {
    return refusal(why == "Invalid PIN" ? "the PIN given is wrong"
                                        : "it does not let us in: '" + printable(why) + "'");
  }
  if (member(result, "pin") != nullptr || member(result, "guest_pin") != nullptr) {
    return ask_for_pin(wishes, text_of(member(result, "guest_pin")) == "required");
  }
  if (member(result, "idp") != nullptr || member(result, "redirect_url") != nullptr) {
    return refusal(
        "it asks for a login with an identity provider, which a recorder cannot do; let guests in "
        "without one");
  }
  if (member(result, "conference_extension") != nullptr) {
    return refusal(wishes.extension.empty()
                       ? "it asks for the extension of the conference; give one with --extension"
                       : "it does not know the extension given");
  }
  return refusal("it does not let us in, and does not say why");
}

/// The answer is none of the API.
JoinRefusal judge_stranger(const RestAnswer& answer) {
  const std::string status = "it answered with status " + std::to_string(answer.status);
  if (!answer.location.empty()) {
    return refusal(status + ", a redirect to " + printable(answer.location) +
                   ": give that as the node");
  }
  if (answer.status == 407) {
    return refusal(status + ": the proxy wants a name and a password, which go into HTTP_PROXY");
  }
  if (answer.status >= 500) {
    JoinRefusal later = refusal(status + ": it does not serve the conference now");
    later.worth_retrying = true;
    return later;
  }
  const std::string type =
      answer.content_type.empty() ? "nothing" : "'" + printable(answer.content_type) + "'";
  return refusal(status + " and " + type +
                 " instead of JSON: is it a Conferencing Node of Pexip Infinity?");
}

std::variant<Membership, JoinRefusal> judge_200(const json::value* result) {
  Membership membership{
      .token = text_of(member(result, "token")),
      .life_ns = life_of(member(result, "expires")),
      .participant_uuid = text_of(member(result, "participant_uuid")),
      .host = text_of(member(result, "role")) == "HOST",
      .waiting = text_of(member(result, "current_service_type")) == "waiting_room"};
  if (!is_token(membership.token)) {
    return refusal("it lets us in, but its answer holds no token that can be used");
  }
  return membership;
}

}  // namespace

Result<Url> parse_node(std::string_view text) {
  auto url = parse_url(looks_like_url(text) ? std::string(text) : "https://" + std::string(text));
  if (!url) {
    return url;
  }
  if (url->target.find('?') != std::string::npos) {
    return fail_usage("a node's address has no query");
  }
  url->target.erase(url->target.find_last_not_of('/') + 1);
  return url;
}

Url conference_url(const Url& node, std::string_view alias, std::string_view endpoint) {
  Url url = node;
  url.target += "/api/client/v2/conferences/" + encode_component(alias) + "/";
  url.target += endpoint;
  return url;
}

std::string request_token_body(const JoinWishes& wishes, std::string_view one_time_token) {
  std::string body;
  JsonWriter writer(body);
  writer.begin_object().member("display_name", wishes.display_name);
  for (const auto& [key, value] :
       {std::pair{"call_tag", std::string_view(wishes.call_tag)},
        std::pair{"conference_extension", std::string_view(wishes.extension)},
        std::pair{"token", one_time_token}}) {
    if (!value.empty()) {
      writer.member(key, value);
    }
  }
  writer.end_object();
  return body;
}

std::string release_token_body(std::string_view reason) {
  std::string body;
  JsonWriter(body).begin_object().member("reason", reason).end_object();
  return body;
}

std::variant<Membership, JoinRefusal> judge_join(const RestAnswer& answer,
                                                 const JoinWishes& wishes) {
  const json::value document = parse_json(answer.body);
  const json::value* const result = member(&document, "result");
  if (result == nullptr) {
    return judge_stranger(answer);
  }
  if (answer.status == 200 && text_of(member(&document, "status")) == "success") {
    return judge_200(result);
  }
  if (answer.status == 403) {
    return judge_403(result, wishes);
  }
  const std::string why = printable(text_of(result));
  if (answer.status == 404) {
    return refusal("it has no conference of that alias: '" + why + "'");
  }
  JoinRefusal refused =
      refusal("it answered with status " + std::to_string(answer.status) + ": '" + why + "'");
  refused.worth_retrying = answer.status >= 500;
  return refused;
}

std::variant<std::string, RefreshRefusal> judge_refresh(const RestAnswer& answer) {
  const json::value document = parse_json(answer.body);
  std::string token = text_of(member(member(&document, "result"), "token"));
  if (answer.status == 200 && is_token(token)) {
    return token;
  }
  return RefreshRefusal{.token_gone =
                            answer.status == 401 || answer.status == 403 || answer.status == 404};
}

std::optional<Transfer> parse_refer(std::string_view data) {
  const json::value refer = parse_json(data);
  Transfer transfer{text_of(member(&refer, "alias")), text_of(member(&refer, "token"))};
  return transfer.alias.empty() || transfer.token.empty() ? std::nullopt
                                                          : std::optional(std::move(transfer));
}

std::string parse_disconnect(std::string_view data) {
  const json::value disconnect = parse_json(data);
  return text_of(member(&disconnect, "reason"));
}

}  // namespace tapedeck::recorder
