// Writes metrics in the text format of Prometheus, version 0.0.4.
//
// A family is its HELP and TYPE and then its samples, all together. Names, kinds and help are the
// caller's words and not escaped for him beyond what the format asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapedeck::cli {

class MetricsText {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  enum class Type {
    counter,  ///< only grows; its name ends in _total
    gauge,
  };

  /// Begins the family of this name.
  void family(std::string_view name, Type type, std::string_view help);

  // A sample of it; `conference` is its label, and "" is none.
  void sample(std::string_view conference, std::uint64_t value);
  void sample_seconds(std::string_view conference, std::int64_t ns);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void begin_sample(std::string_view conference);

  std::string text_;
  std::string name_;
};

}  // namespace tapedeck::cli
