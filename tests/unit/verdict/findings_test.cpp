// Each rule about streams has a folder in fixtures/findings: a stream that breaks it, one beside it
// that does not, and the findings of the first.
#include "core/verdict/findings.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/stream_generator.hpp"
#include "tests/unit/verdict/line.hpp"

namespace tapedeck::verdict {

/// A rule in the names of tests; GoogleTest looks for it beside the type.
void PrintTo(const RuleInfo& info, std::ostream* out) {
  *out << info.id;
}

namespace {

Findings findings_of(std::string_view stream) {
  Findings findings{RuleSet()};
  Line(findings).run(stream);
  return findings;
}

std::vector<RuleInfo> stream_rules() {
  std::vector<RuleInfo> chosen;
  std::ranges::copy_if(rules(), std::back_inserter(chosen), [](const RuleInfo& info) {
    return info.rule != Rule::tape_damaged && info.rule != Rule::bytes_broken &&
           info.rule != Rule::tape_unclosed;
  });
  return chosen;
}

class EachRule : public testing::TestWithParam<RuleInfo> {
 protected:
  const std::filesystem::path folder = source_folder / "fixtures/findings" / GetParam().id;
};

TEST_P(EachRule, IsBrokenByItsFixture) {
  const Findings findings = findings_of(read_file(folder / "triggers.sse"));
  EXPECT_GT(findings.count(GetParam().rule), 0U);
  const auto golden = folder / "findings.jsonl";
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

std::string test_name(const testing::TestParamInfo<RuleInfo>& info) {
  std::string name(info.param.id);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Findings, EachRule, testing::ValuesIn(stream_rules()), test_name);

TEST(Findings, EveryRuleIsExplainedAndEveryExplanationIsOfARule) {
  std::istringstream page(read_file(source_folder / "docs/FINDINGS.md"));
  std::string expected;
  for (const RuleInfo& info : rules()) {
    expected += std::string(info.id) + ' ' + std::string(name_of(info.severity)) + '\n';
  }
  std::string explained;
  std::string id;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("### ")) {
      id = line.substr(4);
      explained += id;
    } else if (line.starts_with("Severity: ")) {
      const std::size_t end = line.find('.');
      explained += ' ' + line.substr(10, end - 10) + '\n';
    }
  }
  EXPECT_EQ(explained, expected);
}

TEST(Findings, KeepsTheFirstOfARuleAndCountsTheRest) {
  std::string stream;
  for (int i = 0; i < 250; ++i) {
    stream += "event: weather\ndata: " + std::to_string(i) + "\n\n";
  }
  const Findings findings = findings_of(stream + "event: on_hold\ndata: 7\n\n");
  EXPECT_EQ(findings.count(Rule::unknown_event), 250U);
  EXPECT_EQ(findings.count(Severity::warning), 250U);
  EXPECT_EQ(findings.count(Severity::error), 1U);
  ASSERT_EQ(findings.kept().size(), limits::findings_per_rule_max + 1);
  EXPECT_EQ(findings.kept()[limits::findings_per_rule_max - 1].seq, limits::findings_per_rule_max);
  EXPECT_EQ(findings.kept().back().rule, Rule::mistyped_field);
  EXPECT_EQ(findings.dropped(), 250 - limits::findings_per_rule_max);
}

TEST(Findings, ShowsNoMoreOfAValueThanTheLimit) {
  const std::string name(1 << 20, 'x');
  const Findings findings =
      findings_of("event: conference_update\ndata: {\"locked\":\"" + name + "\",\"" + name +
                  "\":[\"" + name + "\"],\"guests_muted\":true,\"started\":true}\n\n");
  ASSERT_EQ(findings.kept().size(), 2U);
  for (const Finding& finding : findings.kept()) {
    EXPECT_LE(finding.found.size(), limits::finding_text_bytes_max + 3);
    EXPECT_LE(finding.pointer.size(), limits::finding_text_bytes_max + 3);
    EXPECT_TRUE(finding.found.ends_with("...")) << finding.found;
  }
}

TEST(Findings, TextIsNotCutWithinACharacter) {
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("abcd", 3), "abc...");
  EXPECT_EQ(clipped("ab\xc3\xa9", 3), "ab...");
  EXPECT_EQ(clipped("a\xf0\x9f\x98\x80z", 4), "a...");
}

TEST(RuleSet, ReadsASeverity) {
  RuleSet rules;
  EXPECT_EQ(rules.severity(Rule::unknown_field), Severity::info);
  EXPECT_TRUE(rules.set("unknown-field=error"));
  EXPECT_EQ(rules.severity(Rule::unknown_field), Severity::error);
  EXPECT_TRUE(rules.set("bad-json=off"));
  EXPECT_EQ(rules.severity(Rule::bad_json), Severity::off);
  for (const char* wrong : {"", "=", "bad-json", "bad-json=", "bad-json=loud", "bad-jason=off",
                            "bad_json=off", "bad-json=off=warn"}) {
    EXPECT_FALSE(rules.set(wrong)) << wrong;
  }
}

TEST(Validator, RestsTheRulesAboutRostersBeyondItsLimit) {
  std::string stream = "event: participant_sync_begin\ndata: null\n\n";
  for (int i = 0; i < 100; ++i) {
    stream +=
        "event: participant_create\ndata: {\"uuid\":\"somebody " + std::to_string(i) + "\"}\n\n";
  }
  stream +=
      "event: participant_sync_end\ndata: null\n\n"
      "event: participant_delete\ndata: {\"uuid\":\"somebody 99\"}\n\n"
      "event: stage\ndata: [{\"participant_uuid\":\"x\",\"stage_index\":0,\"vad\":0}]\n\n";
  Findings findings{RuleSet()};
  Line(findings, 1000).run(stream);
  EXPECT_EQ(findings.count(Rule::limit_reached), 1U);
  EXPECT_EQ(findings.count(Rule::unknown_participant), 0U);
  EXPECT_EQ(findings.count(Rule::stage_nobody), 0U);
  EXPECT_EQ(findings.count(Rule::open_sync), 0U);
}

/// Streams damaged in every way must end in findings, never in a crash.
TEST(Validator, TakesWhateverComes) {
  std::vector<std::string> streams;
  for (const RuleInfo& info : stream_rules()) {
    if (info.rule != Rule::limit_reached) {  // nothing but brackets
      streams.push_back(read_file(source_folder / "fixtures/findings" / info.id / "triggers.sse"));
    }
  }
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::string stream = streams[random() % streams.size()] + streams[random() % streams.size()];
    for (auto edits = 1 + random() % 20; edits > 0; --edits) {
      const std::size_t at = random() % stream.size();
      switch (random() % 4) {
        case 0:
          stream[at] = static_cast<char>(random());
          break;
        case 1:
          stream.erase(at, random() % 40);
          break;
        case 2:
          stream.insert(at, stream, random() % stream.size(), random() % 200);
          break;
        default: {
          const std::size_t colon = stream.find(':', at);
          if (colon != std::string::npos) {
            constexpr const char* values[] = {"null", "[]", "{}", "0", "\"\"", "-1e400", "true"};
            stream.insert(colon + 1, std::string(values[random() % 7]) + ",\"uuid\":");
          }
        }
      }
    }
    const Findings findings = findings_of(stream);
    EXPECT_LE(findings.kept().size(), rule_count * limits::findings_per_rule_max);
  }
}

TEST(Validator, TakesStreamsThatNoNodeWouldSend) {
  std::uint64_t found = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    found += findings_of(test::generate_stream(seed)).kept().size();
  }
  EXPECT_GT(found, 100U);
}

}  // namespace
}  // namespace tapedeck::verdict
