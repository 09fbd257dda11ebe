// Keeps what opens doors off tapes and out of messages: placeholders stand for secrets, the same
// one for the same secret as long as the Redactor lives, so that the flow can still be followed.
//
// A secret is the userinfo of a URL, a query parameter or a header whose name says so
// (`is_secret_name`), and whatever was handed to `placeholder`. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace tapedeck::recorder {

/// Whether a parameter, header or field of this name holds a secret: "token", "x-auth-token",
/// "pin", "Authorization", "Set-Cookie" and their like; in any case of letters.
[[nodiscard]] bool is_secret_name(std::string_view name);

class Redactor {
 public:
  /// The placeholder of `secret`, "TOKEN-1" and so on with `kind` in upper case; "" for "".
  std::string placeholder(std::string_view kind, std::string_view secret);

  /// `url` (absolute or relative, well-formed or not) without the secrets in it.
  std::string url(std::string_view url);

  /// The value of a header without the secrets in it.
  std::string header(std::string_view name, std::string_view value);

  /// A REST body without the secrets in it: values whose key names one, those in URLs, and known
  /// ones in strings. What is not JSON goes through `text`; "none" and "required" are no secrets.
  std::string json(std::string_view body);

  /// `text` with a placeholder for each secret met so far. Those of less than eight bytes only
  /// where they are a word by themselves, those of less than four only where they are named: they
  /// would match by chance.
  [[nodiscard]] std::string text(std::string text) const;

 private:
  [[nodiscard]] std::string json_scalar(const std::string& key, std::string_view token);

  struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };

  std::map<std::string, std::string, LongestFirst> placeholders_;  ///< by secret
  std::map<std::string, std::size_t, std::less<>> counts_;         ///< by kind
};

}  // namespace tapedeck::recorder
