// Payloads against the shapes of the catalogue.
#include "core/verdict/shape_check.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"

namespace tapedeck::verdict {
namespace {

std::vector<std::string> misfits(ShapeCheck& check, const std::string& json) {
  event::Decoder decoder;
  std::vector<std::string> all;
  check.check(
      event::find_wire_shape("layout")->payload, decoder.decode(json).value, "",
      [&](const Misfit& misfit) {
        all.push_back(std::string(info_of(misfit.rule).id) + ' ' + std::string(misfit.pointer));
      });
  return all;
}

using Misfits = std::vector<std::string>;

TEST(ShapeCheck, NamesEveryDepartureInTheOfferedOrderAndThenWhatIsMissing) {
  ShapeCheck check;
  EXPECT_EQ(misfits(check, R"({"view":"1:0","participants":["a"]})"), Misfits());
  EXPECT_EQ(
      misfits(check, R"({"view":1,"x":2,"participants":["a",3]})"),
      (Misfits{"mistyped-field /view", "unknown-field /x", "mistyped-field /participants/1"}));
  EXPECT_EQ(misfits(check, R"({"time":1})"),
            (Misfits{"missing-field /participants", "missing-field /view"}));
}

TEST(ShapeCheck, DoesNotDependOnWhatCameBefore) {
  const std::vector<std::string> payloads{
      R"({"view":"1:0","participants":[],"time":1})",
      R"({"time":1,"participants":[],"view":"1:0"})",
      R"({"participants":[],"requested_layout":{"primary_screen":{"chair_layout":1}}})",
      R"({"requested_layout":{"primary_screen":{"guest_layout":"a","chair_layout":"b","z":0}}})",
      R"({"x":1,"view":"1:0","y":2,"participants":"a","time":"now"})",
      R"({})",
      R"([])",
  };
  ShapeCheck check;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& before : payloads) {
      for (const std::string& payload : payloads) {
        (void)misfits(check, before);
        ShapeCheck fresh;
        EXPECT_EQ(misfits(check, payload), misfits(fresh, payload)) << before << payload;
      }
    }
  }
}

}  // namespace
}  // namespace tapedeck::verdict
