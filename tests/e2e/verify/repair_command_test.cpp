// The command repair as it is built, on real tapes.
#include <filesystem>

#include "core/event/decoder.hpp"
#include "tests/e2e/verify/command.hpp"

namespace tapedeck {
namespace {

using event::Value;

class RepairCommand : public Command {
 protected:
  RepairCommand() {
    make_tape("whole.tape", test::read_file(rule_fixtures / "known-participant/clean.sse"));
    std::filesystem::copy_file(folder.path("whole.tape"), folder.path("damaged.tape"));
  }

  /// The digest of the bytes, as verify tells it.
  [[nodiscard]] std::string digest_of(const std::string& tape) const {
    const std::string out = run("verify " + tape).out;
    const std::size_t at = out.find("  bytes ");
    return at == std::string::npos ? "" : out.substr(at, out.find('\n', at) - at);
  }
};

TEST_F(RepairCommand, GivesBackATapeThatIsWhole) {
  const Outcome done = run("repair whole.tape -o out.tape");
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(done.out.starts_with("whole.tape: 10 frames in ")) << done.out;
  EXPECT_NE(done.out.find(" saved onto out.tape; nothing is lost\n"), std::string::npos)
      << done.out;
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(digest_of("out.tape"), digest_of("whole.tape"));
  EXPECT_EQ(run("diff whole.tape out.tape --ignore none").code, 0);
}

TEST_F(RepairCommand, SavesWhatIsLeftAndSaysWhatIsNot) {
  change("damaged.tape", "DELETE FROM frames WHERE seq IN (4, 5)");
  const Outcome found = run("verify damaged.tape");
  EXPECT_EQ(found.code, 1);
  EXPECT_NE(found.out.find("; 'tapedeck repair' saves what can be saved of it\n"),
            std::string::npos)
      << found.out;
  const Outcome done = run("repair damaged.tape -o out.tape");
  EXPECT_EQ(done.code, 4);
  EXPECT_NE(done.out.find(" saved onto out.tape; 2 frames are lost\n"), std::string::npos)
      << done.out;
  EXPECT_NE(done.out.find("\nlost\n  frames 4 to 5, between 3ms and 6ms\n"), std::string::npos)
      << done.out;
  EXPECT_NE(done.out.find("numbered anew"), std::string::npos);
  const std::string verdict = run("verify out.tape --json").out;
  EXPECT_NE(verdict.find("\"whole\":true"), std::string::npos) << verdict;
}

TEST_F(RepairCommand, TellsAllOfItAsJson) {
  change("damaged.tape", "DELETE FROM frames WHERE seq = 4");
  const Outcome done = run("repair damaged.tape -o out.tape --json");
  EXPECT_EQ(done.code, 4);
  event::Decoder decoder;
  const Value report = decoder.decode(done.out).value;
  EXPECT_EQ(report["frames"].as_number(), 9);
  EXPECT_EQ(report["frames_lost"].as_number(), 1);
  EXPECT_NE(
      done.out.find("\"lost\":[{\"first_seq\":4,\"last_seq\":4,\"start_ns\":3000000,\"end_ns\":"
                    "5000000}],\"losses\":[\"connection 1: "),
      std::string::npos)
      << done.out;
  EXPECT_TRUE(report["mended"].is_array());
  EXPECT_TRUE(report["remarks"].is_array());
}

TEST_F(RepairCommand, SavesWhatOpensNoMore) {
  std::string bytes = test::read_file(folder.path("damaged.tape"));
  bytes.replace(0, 4096, 4096, '\0');
  write_file(folder.path("damaged.tape"), bytes);
  EXPECT_EQ(run("verify damaged.tape").code, 3);
  const Outcome done = run("repair damaged.tape -o out.tape");
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_EQ(digest_of("out.tape"), digest_of("whole.tape"));
}

TEST_F(RepairCommand, RefusesWhatItCannotDo) {
  write_file(folder.path("text"), "no tape at all\n");
  const std::pair<const char*, int> refused[] = {
      {"repair", 2},
      {"repair whole.tape", 2},
      {"repair whole.tape -o whole.tape --overwrite", 2},
      {"repair whole.tape -o damaged.tape", 3},
      {"repair whole.tape -o text --overwrite", 3},
      {"repair none.tape -o out.tape", 3},
      {"repair text -o out.tape", 3},
      {"repair . -o out.tape", 3},
      {"repair whole.tape -o none/out.tape", 3},
  };
  for (const auto& [arguments, code] : refused) {
    const Outcome done = run(arguments);
    EXPECT_EQ(done.code, code) << arguments;
    EXPECT_EQ(done.out, "") << arguments;
    EXPECT_TRUE(done.err.starts_with("tapedeck repair: ")) << done.err;
    EXPECT_FALSE(std::filesystem::exists(folder.path("out.tape")));
  }
  EXPECT_EQ(run("repair whole.tape -o damaged.tape --overwrite").code, 0);
}

TEST_F(RepairCommand, LeavesATapeAloneThatIsBeingRecorded) {
  test::TapeBuilder recording(folder.path("live.tape"));
  recording.connect().frame(1, "data: x\n\n");
  const Outcome done = run("repair live.tape -o out.tape");
  EXPECT_EQ(done.code, 3);
  EXPECT_EQ(done.err, "tapedeck repair: 'live.tape' is being recorded by another process\n");
  EXPECT_EQ(run("repair whole.tape -o live.tape --overwrite").code, 3);
}

}  // namespace
}  // namespace tapedeck
