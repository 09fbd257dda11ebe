// Each rule has a folder in fixtures/findings with a stream that breaks it, one beside it that does
// not, and the findings of the first. Comments of these streams direct the test: `: at 2s` sets the
// time of what follows, `: connection` begins another connection, `: self UUID` says who you are.
#include "core/verdict/findings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/units.hpp"
#include "core/event/wire_reader.hpp"
#include "core/sse/frame_splitter.hpp"
#include "core/verdict/validator.hpp"

namespace tapedeck::verdict {
namespace {

namespace fs = std::filesystem;

const fs::path root = TAPEDECK_SOURCE_DIR;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What a directing comment says, or nothing.
std::optional<std::string> directive(std::string_view raw, std::string_view name) {
  const std::string start = ": " + std::string(name);
  if (!raw.starts_with(start) || !raw.ends_with("\n\n")) {
    return std::nullopt;
  }
  raw.remove_prefix(start.size());
  raw.remove_suffix(2);
  return std::string(raw.substr(raw.starts_with(' ') ? 1 : 0));
}

class Line {
 public:
  explicit Line(Findings& findings) : validator_(findings) {}

  void run(std::string_view stream) {
    sse::FrameSplitter splitter;
    splitter.push(stream);
    while (const auto block = splitter.next()) {
      take(*block);
    }
    if (const auto rest = splitter.finish()) {
      take(*rest);
    }
    validator_.finish();
  }

 private:
  void take(const sse::Block& block) {
    if (const auto time = directive(block.raw, "at")) {
      now_ns_ = *parse_duration(*time);
      return;
    }
    if (const auto uuid = directive(block.raw, "self")) {
      validator_.self(*uuid);
      return;
    }
    if (directive(block.raw, "connection")) {
      ++connection_id_;
      return;
    }
    const port::Frame frame{++seq_, connection_id_, now_ns_, block.complete, block.raw};
    now_ns_ += 10 * ns_per_ms;
    validator_.frame(frame);
    reader_.push({frame.seq, frame.connection_id, frame.recv_ns}, frame.raw);
    while (const auto event = reader_.next()) {
      validator_.event(*event);
    }
  }

  Validator validator_;
  event::WireReader reader_;
  std::uint64_t seq_ = 0;
  std::uint32_t connection_id_ = 1;
  std::int64_t now_ns_ = 0;
};

std::string as_lines(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings.kept()) {
    JsonWriter json(text);
    write_json(json, finding);
    text += '\n';
  }
  return text;
}

Findings findings_of(std::string_view stream) {
  Findings findings{RuleSet()};
  Line(findings).run(stream);
  return findings;
}

bool is_about_streams(Rule rule) {
  return rule != Rule::tape_damaged && rule != Rule::bytes_broken && rule != Rule::tape_unclosed;
}

class EachRule : public testing::TestWithParam<RuleInfo> {
 protected:
  const fs::path folder = root / "fixtures/findings" / GetParam().id;
};

TEST_P(EachRule, IsBrokenByItsFixture) {
  const Findings findings = findings_of(read_file(folder / "triggers.sse"));
  EXPECT_GT(findings.count(GetParam().rule), 0U);
  const fs::path golden = folder / "findings.jsonl";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden, std::ios::binary) << as_lines(findings);
  }
  EXPECT_EQ(as_lines(findings), read_file(golden));
}

TEST_P(EachRule, IsKeptByTheStreamBesideIt) {
  EXPECT_EQ(as_lines(findings_of(read_file(folder / "clean.sse"))), "");
}

TEST_P(EachRule, IsSilentWhenItIsOff) {
  RuleSet rules;
  rules.set(GetParam().rule, Severity::off);
  Findings findings(rules);
  Line(findings).run(read_file(folder / "triggers.sse"));
  EXPECT_EQ(findings.count(GetParam().rule), 0U);
}

std::vector<RuleInfo> stream_rules() {
  std::vector<RuleInfo> chosen;
  for (const RuleInfo& rule : rules()) {
    if (is_about_streams(rule.rule)) {
      chosen.push_back(rule);
    }
  }
  return chosen;
}

std::string test_name(const testing::TestParamInfo<RuleInfo>& info) {
  std::string name(info.param.id);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Findings, EachRule, testing::ValuesIn(stream_rules()), test_name);

}  // namespace
}  // namespace tapedeck::verdict
