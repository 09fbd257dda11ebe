#include "core/state/value_bytes.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/decoder.hpp"

namespace tapedeck::state::test {
namespace {

using event::Arena;
using event::Member;
using event::Value;

std::string bytes_of(const Value& value) {
  std::string bytes;
  ValueWriter(bytes).value(value);
  return bytes;
}

void expect_same(const Value& value) {
  const std::string bytes = bytes_of(value);
  ValueReader reader(bytes);
  Arena arena;
  const Value read = reader.value(arena);
  EXPECT_FALSE(reader.failed());
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(read == value);
  EXPECT_EQ(bytes_of(read), bytes);
}

bool fails(std::string_view bytes) {
  ValueReader reader(bytes);
  Arena arena;
  (void)reader.value(arena);
  return reader.failed();
}

TEST(ValueBytes, AreReadAsWritten) {
  event::Decoder decoder;
  for (const std::string_view text : {"null",
                                      "true",
                                      "false",
                                      "0",
                                      "-0",
                                      "1",
                                      "-1",
                                      "127",
                                      "128",
                                      "1e300",
                                      "1e999",
                                      "-1e999",
                                      "0.1",
                                      "9007199254740992",
                                      "9007199254740994",
                                      "-9007199254740993",
                                      "\"\"",
                                      "\"text\"",
                                      R"("\ud800 alone")",
                                      "[]",
                                      "{}",
                                      R"({"b":1,"a":[{},[[]]],"10":"b","9":"b"})"}) {
    SCOPED_TRACE(text);
    const event::Decoded decoded = decoder.decode(text);
    ASSERT_TRUE(decoded.ok());
    expect_same(decoded.value);
  }
  expect_same(Value());
  const std::vector<Member> with_undefined{{"a", Value()}, {"b", Value::null()}};
  expect_same(Value::object(with_undefined));
  EXPECT_TRUE(std::signbit([] {
    const std::string bytes = bytes_of(Value::number(-0.0));
    Arena arena;
    return ValueReader(bytes).value(arena).as_number();
  }()));
}

TEST(ValueBytes, TellATextOnce) {
  const std::string uuid = "00000000-0000-4000-8000-000000000001";
  const std::string longer(text_kept_max + 1, 'x');
  const std::vector<Value> twice{Value::string(uuid), Value::string(uuid)};
  const std::vector<Value> longer_twice{Value::string(longer), Value::string(longer)};
  EXPECT_EQ(bytes_of(Value::array(twice)).size(), 2 + 2 + uuid.size() + 2);
  EXPECT_EQ(bytes_of(Value::array(longer_twice)).size(), 2 + 2 * (2 + longer.size()));
  expect_same(Value::array(longer_twice));
}

TEST(ValueBytes, NumbersAreReadAsWritten) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-64}, std::int64_t{64},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    std::string bytes;
    ValueWriter writer(bytes);
    writer.signed_number(number);
    writer.number(static_cast<std::uint64_t>(number));
    ValueReader reader(bytes);
    EXPECT_EQ(reader.signed_number(), number);
    EXPECT_EQ(reader.number(), static_cast<std::uint64_t>(number));
    EXPECT_FALSE(reader.failed());
  }
}

TEST(ValueBytes, ThatAreNoValueFail) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(fails(""));
  EXPECT_TRUE(fails("\x0b"));                                          // no such tag
  EXPECT_TRUE(fails("\x04"));                                          // no number
  EXPECT_TRUE(fails("\x04\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"));  // past 64 bits
  EXPECT_TRUE(
      fails("\x07\x05"
            "abcd"));                                            // a text that is cut off
  EXPECT_TRUE(fails("\x07\x02\xc3\x28"));                        // no UTF-8
  EXPECT_TRUE(fails("\x07\x03\xed\xa0\x28"));                    // half a surrogate
  EXPECT_TRUE(fails("\x08\x00"sv));                              // a text that did not come before
  EXPECT_TRUE(fails("\x09\xff\xff\x03"));                        // more items than bytes
  EXPECT_TRUE(fails("\x06\x00\x00\x00\x00\x00\x00\xf8\x7f"sv));  // NaN
  EXPECT_TRUE(fails("\x0a\x02\x00\x01k\x01\x01\x01"sv));         // a key that is there twice
  EXPECT_FALSE(fails("\x0a\x01\x00\x01k\x01"sv));
  std::string deep;
  for (int i = 0; i < 5000; ++i) {
    deep += "\x09\x01";
  }
  EXPECT_TRUE(fails(deep + '\1'));
}

}  // namespace
}  // namespace tapedeck::state::test
