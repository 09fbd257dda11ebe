#include "cli/metrics_text.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"

namespace tapedeck::cli {
namespace {

void append_escaped(std::string& out, std::string_view text, std::string_view escaped) {
  std::string valid;
  append_utf8_lossy(valid, text);
  for (const char c : valid) {
    if (c == '\n') {
      out += "\\n";
    } else {
      out.append(escaped.find(c) == std::string_view::npos ? 0 : 1, '\\') += c;
    }
  }
}

}  // namespace

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  const bool counts = type == Type::counter;
  check(counts == name.ends_with("_total"), "a counter, and nothing else, is named _total");
  name_ = name;
  text_.append("# HELP ").append(name) += ' ';
  append_escaped(text_, help, "\\");
  text_.append("\n# TYPE ").append(name).append(counts ? " counter\n" : " gauge\n");
}

void MetricsText::begin_sample(std::string_view conference) {
  text_ += name_;
  if (!conference.empty()) {
    text_ += "{conference=\"";
    append_escaped(text_, conference, "\\\"");
    text_ += "\"}";
  }
  text_ += ' ';
}

void MetricsText::sample(std::string_view conference, std::uint64_t value) {
  begin_sample(conference);
  text_ += std::to_string(value) + '\n';
}

void MetricsText::sample_seconds(std::string_view conference, std::int64_t ns) {
  check(ns >= 0, "a time of a metric is not negative");
  begin_sample(conference);
  std::array<char, 40> digits{};
  std::snprintf(digits.data(), digits.size(), "%" PRId64 ".%09" PRId64 "\n", ns / ns_per_s,
                ns % ns_per_s);
  text_ += digits.data();
}

}  // namespace tapedeck::cli
