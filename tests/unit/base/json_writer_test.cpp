#include "core/base/json_writer.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

void write_sample(JsonWriter& json) {
  json.begin_object().member("rule", "bad-json").member("seq", std::uint64_t{7});
  json.key("at").begin_array().number(1.5).number(std::int64_t{-2}).boolean(true).null();
  json.begin_object().end_object().begin_array().end_array().end_array();
  json.key("found").raw(R"({"a":1})").end_object();
}

TEST(JsonWriter, WritesOneLineWithoutSpaces) {
  std::string out;
  JsonWriter json(out);
  write_sample(json);
  EXPECT_EQ(out, R"({"rule":"bad-json","seq":7,"at":[1.5,-2,true,null,{},[]],"found":{"a":1}})");
}

TEST(JsonWriter, IndentsTwoSpacesALevel) {
  std::string out;
  JsonWriter json(out, JsonWriter::Layout::indented);
  json.begin_object().key("a").begin_array().string("b").end_array().key("c").begin_object();
  json.end_object().end_object();
  EXPECT_EQ(out, "{\n  \"a\": [\n    \"b\"\n  ],\n  \"c\": {}\n}");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "x";
  JsonWriter(out).string("\n");
  EXPECT_EQ(out, "x\"\\n\"");
}

}  // namespace
}  // namespace tapedeck
