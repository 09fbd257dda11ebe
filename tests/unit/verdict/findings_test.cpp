#include "core/verdict/findings.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <sstream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/files.hpp"
#include "tests/support/stream_generator.hpp"
#include "tests/unit/verdict/line.hpp"

namespace tapedeck::verdict {

namespace {

Findings findings_of(std::string_view stream) {
  Findings findings{RuleSet()};
  Line(findings).run(stream);
  return findings;
}

/// What docs/FINDINGS.md says of one rule.
struct Explanation {
  std::string heading;
  std::string severity;
  std::string stream;                         ///< the example
  std::map<std::string, std::string> claims;  ///< pointer, expected, found: of a finding in it

  [[nodiscard]] bool is_of(const Finding& finding) const {
    const std::map<std::string, std::string> told{
        {"pointer", finding.pointer}, {"expected", finding.expected}, {"found", finding.found}};
    return std::ranges::includes(told, claims);
  }
};

std::vector<Explanation> explanations() {
  std::istringstream page(test::read_file(source_folder / "docs/FINDINGS.md"));
  std::vector<Explanation> all;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("### ")) {
      all.push_back({line.substr(4), {}, {}, {}});
    } else if (all.empty()) {
      continue;
    } else if (line.starts_with("Severity: ")) {
      all.back().severity = line.substr(10, line.find('.') - 10);
    } else if (const std::size_t colon = line.find(": "); line.starts_with("    pointer:") ||
                                                          line.starts_with("    expected:") ||
                                                          line.starts_with("    found:")) {
      all.back().claims[line.substr(4, colon - 4)] =
          line.substr(line.find_first_not_of(' ', colon + 1));
    } else if (line.starts_with("    ") || (line.empty() && !all.back().stream.empty())) {
      all.back().stream += line.substr(std::min<std::size_t>(line.size(), 4)) + '\n';
    }
  }
  return all;
}

TEST(Findings, AppendedOnesStandAsIfTheyHadBeenAdded) {
  constexpr std::uint64_t half = limits::findings_per_rule_max / 2 + 1;
  Findings first{RuleSet()};
  Findings later{RuleSet()};
  Findings all{RuleSet()};
  const auto add = [&](Findings& part, Rule rule, std::uint64_t seq) {
    part.add(rule, {seq, 0, {}, {}}, "one", std::to_string(seq));
    all.add(rule, {seq, 0, {}, {}}, "one", std::to_string(seq));
  };
  for (std::uint64_t seq = 1; seq <= half; ++seq) {
    add(first, Rule::bytes_broken, seq);
  }
  for (std::uint64_t seq = 1; seq <= half; ++seq) {
    add(later, Rule::bytes_broken, half + seq);
    add(later, Rule::time_backwards, seq);
  }
  first.append(later);
  const auto seqs = [](const Findings& findings) {
    std::vector<std::pair<Rule, std::uint64_t>> places;
    for (const Finding& finding : findings.kept()) {
      places.emplace_back(finding.rule, finding.seq);
    }
    return places;
  };
  EXPECT_EQ(seqs(first), seqs(all));
  EXPECT_EQ(first.dropped(), all.dropped());
  EXPECT_EQ(first.count(Rule::bytes_broken), 2 * half);
  EXPECT_EQ(first.count(Rule::time_backwards), half);
}

TEST(Findings, EveryRuleIsExplainedAndEveryExplanationIsOfARule) {
  std::string expected;
  for (const RuleInfo& info : rules()) {
    expected += std::string(info.id) + ' ' + std::string(name_of(info.severity)) + '\n';
  }
  std::string explained;
  for (const Explanation& explanation : explanations()) {
    explained += explanation.heading + ' ' + explanation.severity + '\n';
  }
  EXPECT_EQ(explained, expected);
}

/// Its example is a stream, in a room with Ada, or else the findings of the fixture.
TEST(Findings, EveryExampleBreaksTheRuleThatItExplains) {
  const std::string ada = test::read_file(source_folder / "fixtures/findings/torn-block/clean.sse");
  const std::string room = ada.substr(0, ada.find("event: conference_update"));
  for (const Explanation& explanation : explanations()) {
    SCOPED_TRACE(explanation.heading);
    const RuleInfo* const info = find_rule(explanation.heading);
    ASSERT_NE(info, nullptr);
    if (explanation.stream.empty()) {
      const std::string golden =
          test::read_file(source_folder / "fixtures/findings" / info->id / "findings.jsonl");
      EXPECT_FALSE(explanation.claims.empty());
      for (const auto& [key, text] : explanation.claims) {
        std::string member;
        JsonWriter(member).begin_object().member(key, text);
        EXPECT_NE(golden.find(member.substr(1)), std::string::npos) << member;
      }
      continue;
    }
    std::string stream = room + explanation.stream + '\n';
    if (info->rule == Rule::torn_block) {
      stream.erase(stream.find_last_not_of('\n') + 1);
    }
    const Findings findings = findings_of(stream);
    EXPECT_TRUE(std::ranges::any_of(findings.kept(), [&](const Finding& finding) {
      return finding.rule == info->rule && explanation.is_of(finding);
    })) << as_lines(findings);
  }
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

constexpr std::string_view sync_begin = "event: participant_sync_begin\ndata: null\n\n";
constexpr std::string_view sync_end = "event: participant_sync_end\ndata: null\n\n";

std::string create(std::string_view uuid) {
  return "event: participant_create\ndata: {\"uuid\":\"" + std::string(uuid) + "\"}\n\n";
}

std::string roster(std::initializer_list<std::string_view> uuids) {
  std::string stream(sync_begin);
  for (const std::string_view uuid : uuids) {
    stream += create(uuid);
  }
  return stream.append(sync_end);
}

TEST(Validator, ARosterSyncEndsWithItsConnection) {
  const Findings findings = findings_of(std::string(sync_begin) + ": connection\n\n" +
                                        roster({"ada"}) + std::string(sync_begin));
  ASSERT_EQ(findings.count(Rule::open_sync), 2U);
  EXPECT_EQ(findings.kept()[0].seq, 1U);
  EXPECT_EQ(findings.kept()[0].found, "the end of the connection");
  EXPECT_EQ(findings.kept().back().seq, 5U);
  EXPECT_EQ(findings.kept().back().found, "the end of the tape");
}

TEST(Validator, AConnectionBeginsAnew) {
  const std::string left = "event: disconnect\ndata: {\"reason\":\"over\"}\nid: MjdfOA==\n\n";
  const std::string again = "event: disconnect\ndata: {\"reason\":\"over\"}\nid: MjdfMQ==\n\n";
  const Findings twice = findings_of(left + again);
  EXPECT_EQ(twice.count(Rule::after_disconnect), 1U);
  EXPECT_EQ(twice.count(Rule::id_backwards), 1U);
  EXPECT_EQ(as_lines(findings_of(left + ": connection\n\n" + again)), "");
}

TEST(Validator, KnowsWhoYouWereBeforeYouJoinedAnew) {
  const std::string before = ": self ada\n\n" + roster({"ada", "bo"}) + ": connection\n\n";
  const Findings ghost = findings_of(before + ": self eve\n\n" + roster({"ada", "bo", "eve"}));
  ASSERT_EQ(ghost.count(Rule::two_selves), 1U);
  EXPECT_TRUE(std::ranges::any_of(ghost.kept(), [](const Finding& finding) {
    return finding.rule == Rule::two_selves && finding.seq == 8 && finding.found == "\"eve\"";
  }));
  EXPECT_EQ(findings_of(before + ": self eve\n\n" + roster({"bo", "eve"})).count(Rule::two_selves),
            0U);
  EXPECT_EQ(findings_of(before + roster({"ada", "bo"})).count(Rule::two_selves), 0U);
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

TEST(Validator, ReportsAPayloadOfTooManyValues) {
  std::string ones;
  for (std::size_t values = 0; values < limits::json_values_max; ++values) {
    ones += "1,";
  }
  const Findings findings = findings_of("event: stage\ndata: [" + ones + "1]\n\n");
  ASSERT_EQ(findings.count(Rule::limit_reached), 1U);
  EXPECT_EQ(findings.kept().front().expected, "at most 1000000 values of JSON");
  EXPECT_EQ(findings.kept().size(), 1U);
}

TEST(Validator, ReportsAStateThatOutgrowsItsLimit) {
  std::string stream;
  const std::string text(limits::state_bytes_max / 4, 'x');
  for (const char* uuid : {"a", "b", "c", "d"}) {
    stream += std::string("event: participant_create\ndata: {\"uuid\":\"") + uuid +
              "\",\"overlay_text\":\"" + text + "\"}\n\n";
  }
  const Findings findings = findings_of(stream);
  ASSERT_EQ(findings.count(Rule::limit_reached), 1U);
  const auto found = std::ranges::find(findings.kept(), Rule::limit_reached, &Finding::rule);
  EXPECT_EQ(found->seq, 4U);
  EXPECT_EQ(found->found, "more; the event is left out");
}

/// Streams damaged in every way must end in findings, never in a crash.
TEST(Validator, TakesWhateverComes) {
  std::vector<std::string> streams;
  for (const RuleInfo& info : rules()) {
    if (info.rule != Rule::limit_reached) {  // nothing but brackets
      streams.push_back(
          test::read_file(source_folder / "fixtures/findings" / info.id / "triggers.sse"));
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
