#include "replayer/admission.hpp"

#include <algorithm>

namespace tapedeck::replayer {
namespace {

/// What a client sends that has none, of an identity provider or of a PIN.
constexpr std::string_view none = "none";

constexpr std::string_view provider =
    R"({"name":"Simulated provider","uuid":"1d900000-0000-4000-8000-000000000001"})";

bool is_given(std::string_view value) {
  return !value.empty() && value != none;
}

/// Not a failure, says the body: something more is needed.
Answer ask_for(std::string_view result) {
  Answer answer = success(result);
  answer.status = 403;
  return answer;
}

Answer ask_for_login(const JoinRequest& request) {
  if (is_given(request.sso_token)) {
    return failure(403, "SSO Authentication Failed");
  }
  if (is_given(request.chosen_idp)) {
    return ask_for(R"({"redirect_url":"https://idp.invalid/login","redirect_idp":)" +
                   std::string(provider) + R"(,"disable_popup_flow":false,"version":{}})");
  }
  return ask_for(R"({"idp":[)" + std::string(provider) + R"(],"version":{}})");
}

Answer ask_for_pin(bool guests_need_one) {
  return ask_for(R"({"pin":"required","guest_pin":")" +
                 std::string(guests_need_one ? "required" : none) + R"(","version":{}})");
}

std::variant<Role, Answer> judge_any_pin(const AnyPin& any, std::string_view pin) {
  if (is_given(pin)) {
    return any.role;
  }
  if (pin == none && !any.guests_need_one) {
    return Role::guest;
  }
  return ask_for_pin(any.guests_need_one);
}

std::variant<Role, Answer> judge_pin(const Admission& admission, std::string_view pin) {
  const bool guests_need_one = !admission.guest_pin.empty();
  if (admission.host_pin.empty() || pin == admission.host_pin) {
    return Role::host;
  }
  if (guests_need_one ? pin == admission.guest_pin : pin == none) {
    return Role::guest;
  }
  if (is_given(pin)) {
    return failure(403, "Invalid PIN");
  }
  return ask_for_pin(guests_need_one);
}

std::optional<Answer> judge_extension(const Admission& admission, const JoinRequest& request) {
  if (admission.extension.empty() || request.conference_extension == admission.extension) {
    return std::nullopt;
  }
  if (!request.conference_extension.empty()) {
    return failure(403, "Conference extension not found");
  }
  return ask_for(R"({"conference_extension":"required","conference_extension_type":"standard"})");
}

}  // namespace

std::optional<Answer> in_maintenance(const Admission& admission) {
  return admission.unavailable ? std::optional(failure(503, "System in maintenance mode"))
                               : std::nullopt;
}

std::optional<Answer> turn_away(const Admission& admission, std::string_view alias) {
  if (auto refused = in_maintenance(admission)) {
    return refused;
  }
  const auto& aliases = admission.aliases;
  if (!aliases.empty() && std::ranges::find(aliases, alias) == aliases.end()) {
    return failure(404, "Neither conference nor gateway found");
  }
  return std::nullopt;
}

std::variant<Role, Answer> judge(const Admission& admission, std::string_view alias,
                                 const JoinRequest& request, std::string_view pin) {
  if (auto asked = judge_extension(admission, request)) {
    return *std::move(asked);
  }
  if (admission.single_sign_on) {
    return ask_for_login(request);
  }
  if (const auto any = admission.any_pin ? admission.any_pin(alias) : std::nullopt) {
    return judge_any_pin(*any, pin);
  }
  return judge_pin(admission, pin);
}

}  // namespace tapedeck::replayer
