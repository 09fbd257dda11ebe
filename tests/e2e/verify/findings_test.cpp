// Each rule of the catalogue has a folder in fixtures/findings: a stream that breaks it, one beside
// it that keeps it, and what `verify --json` finds in the first. A `.sql` beside a stream is done
// to the tape that the stream makes.
#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "core/event/decoder.hpp"
#include "core/verdict/rule.hpp"
#include "tests/e2e/verify/command.hpp"

namespace tapedeck::verdict {

/// A rule in the names of tests; GoogleTest looks for it beside the type.
void PrintTo(const RuleInfo& info, std::ostream* out) {
  *out << info.id;
}

namespace {

using event::Value;

class EachRule : public Command, public testing::WithParamInterface<RuleInfo> {
 protected:
  const RuleInfo& info = GetParam();
  const std::filesystem::path fixture = rule_fixtures / info.id;

  /// Makes a tape of the fixture's `name` and verifies it.
  Outcome verify(const std::string& name, const std::string& options = "") const {
    make_tape("a.tape", test::read_file(fixture / (name + ".sse")), 10 * ns_per_ms);
    if (const auto sql = fixture / (name + ".sql"); std::filesystem::exists(sql)) {
      change("a.tape", test::read_file(sql));
    }
    return run("verify a.tape --json " + options);
  }

  static std::string lines_of(const Value& findings) {
    std::string lines;
    for (const Value& finding : findings.items()) {
      append_json(lines, finding);
      lines += '\n';
    }
    return lines;
  }

  event::Decoder decoder;
};

TEST_P(EachRule, IsBrokenByItsFixture) {
  const Outcome done = verify("triggers");
  const Value verdict = decoder.decode(done.out).value;
  const auto findings = verdict["findings"].items();
  EXPECT_TRUE(std::ranges::any_of(findings, [&](const Value& finding) {
    return finding["rule"].is_text(info.id) && finding["severity"].is_text(name_of(info.severity));
  })) << done.out;
  const std::string lines = lines_of(verdict["findings"]);
  const auto golden = fixture / "findings.jsonl";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    write_file(golden, lines);
  }
  EXPECT_EQ(lines, test::read_file(golden));
}

TEST_P(EachRule, IsKeptByTheStreamBesideIt) {
  const Outcome done = verify("clean", "--strict");
  EXPECT_EQ(lines_of(decoder.decode(done.out).value["findings"]), "");
  EXPECT_EQ(done.code, 0);
}

TEST_P(EachRule, FailsTheVerdictAccordingToItsSeverity) {
  std::string others_off;
  for (const RuleInfo& other : rules()) {
    others_off += other.id == info.id ? "" : "--rule " + std::string(other.id) + "=off ";
  }
  const std::string rule = "--rule " + std::string(info.id);
  EXPECT_EQ(verify("triggers", others_off + rule + "=error").code, 1);
  for (const auto& [options, code] : {std::pair{"=off --strict", 0},
                                      {"=info --strict", 0},
                                      {"=warn", 0},
                                      {"=warn --strict", 1}}) {
    EXPECT_EQ(run("verify a.tape " + others_off + rule + options).code, code) << options;
  }
}

std::string test_name(const testing::TestParamInfo<RuleInfo>& info) {
  std::string name(info.param.id);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Findings, EachRule, testing::ValuesIn(rules().begin(), rules().end()),
                         test_name);

TEST(Findings, EveryFolderOfFixturesIsOfARule) {
  std::size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(rule_fixtures)) {
    ++folders;
    EXPECT_NE(find_rule(entry.path().filename().string()), nullptr) << entry.path();
  }
  EXPECT_EQ(folders, rule_count);
}

}  // namespace
}  // namespace tapedeck::verdict
