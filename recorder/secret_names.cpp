#include "recorder/secret_names.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "recorder/ascii.hpp"

namespace tapedeck::recorder {
namespace {

/// What a name holds that has this in it.
constexpr std::array<std::string_view, 6> secret_parts{"TOKEN",  "SECRET",   "PASSWORD",
                                                       "PASSWD", "PASSCODE", "CREDENTIAL"};

constexpr std::array<std::string_view, 25> secret_names{"AUTH",
                                                        "AUTHORIZATION",
                                                        "PROXY-AUTHORIZATION",
                                                        "AUTHENTICATION-INFO",
                                                        "COOKIE",
                                                        "SET-COOKIE",
                                                        "PIN",
                                                        "PWD",
                                                        "PASS",
                                                        "KEY",
                                                        "APIKEY",
                                                        "API_KEY",
                                                        "API-KEY",
                                                        "X-API-KEY",
                                                        "ACCESS_KEY",
                                                        "SIG",
                                                        "CODE",
                                                        "SIGNATURE",
                                                        "JWT",
                                                        "SESSION",
                                                        "SID",
                                                        "SESSIONID",
                                                        "SESSION_ID",
                                                        "X-AUTH",
                                                        "SSO_TOKEN"};

}  // namespace

std::string_view secret_kind(std::string_view name) {
  std::string wanted(name);
  for (char& c : wanted) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  }
  if (const auto* const found = std::ranges::find(secret_names, wanted);
      found != secret_names.end()) {
    return *found;
  }
  const auto* const part = std::ranges::find_if(
      secret_parts, [&](std::string_view text) { return wanted.find(text) != std::string::npos; });
  return part != secret_parts.end() ? *part : std::string_view();
}

bool is_no_secret(std::string_view value) {
  return value.empty() || value == "none" || value == "required";
}

}  // namespace tapedeck::recorder
