// Keeps what opens doors off tapes and out of messages: placeholders stand for secrets, the same
// one for the same secret, so that the flow can still be followed.
//
// A secret is the userinfo of a URL, a query parameter, a header or a field whose name says so
// (`secret_kind`), and whatever was handed to `placeholder`; where it was met once it is known by
// its value too (KnownSecrets). Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "recorder/known_secrets.hpp"
#include "recorder/secret_place.hpp"

namespace tapedeck::recorder {

/// What a tape has of the secrets in URLs, headers and REST bodies.
enum class OnTape {
  placeholders,
  secrets,  ///< themselves; what people are told has placeholders all the same
};

class Redactor {
 public:
  explicit Redactor(OnTape on_tape = OnTape::placeholders) : on_tape_(on_tape) {}

  /// The placeholder of `secret`, "TOKEN-1" and so on with `kind` in upper case; what says that
  /// there is none stands for itself.
  std::string placeholder(std::string_view kind, std::string_view secret,
                          Memory memory = Memory::bounded);

  /// A header of ours, with what is secret in it, will be sent.
  void remember_header(std::string_view name, std::string_view value);

  // For tapes:

  /// `url` (absolute or relative, well-formed or not) without the secrets in it.
  std::string target(std::string_view url);
  /// The value of a header without the secrets in it.
  std::string header(std::string_view name, std::string_view value);
  /// A REST body without the secrets in it: values whose key names one, those in URLs and in JSON
  /// within strings, and known ones. What is not JSON is a text.
  std::string json(std::string_view body);

  // For messages, and for tapes too:

  /// As `target`.
  std::string url(std::string_view url);
  /// `text` with a placeholder for each known secret.
  [[nodiscard]] std::string text(std::string_view text) const;

  // For those who replace secrets in a way of their own; sorted, and none overlaps another:

  /// `torn`: what follows is cut off.
  [[nodiscard]] SecretPlaces find_in_json(std::string_view text, bool torn);
  [[nodiscard]] SecretPlaces find_in_text(std::string_view text, Text what, bool torn) const;

 private:
  void search_json(std::string_view text, int depth, bool torn, SecretPlaces& places);
  void search_scalar(std::string_view said, int depth, bool torn, SecretPlaces& places);
  void search_url(std::string_view url, bool torn, SecretPlaces& places);
  void search_authority(std::string_view url, bool torn, SecretPlaces& places);
  void remember_header(std::string_view name, std::string_view value, Memory memory);

  OnTape on_tape_;
  KnownSecrets known_;
};

}  // namespace tapedeck::recorder
