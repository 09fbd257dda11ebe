#include "schema/byte_digest.hpp"

#include <gtest/gtest.h>

namespace tapedeck::schema {
namespace {

std::string digest_of(std::initializer_list<std::pair<std::uint32_t, std::string_view>> bytes) {
  ByteDigest digest;
  for (const auto& [connection_id, part] : bytes) {
    digest.add(connection_id, part);
  }
  return digest.tape();
}

TEST(ByteDigest, OfABodyIsItsXxh128) {
  ByteDigest digest;
  // As `printf 'data: a\n\n' | xxh128sum` prints it.
  digest.add(1, "data: ");
  digest.add(1, "a\n\n");
  EXPECT_EQ(digest.body(1).digest, "a6f059dc504d1bbc024dc25e7a2335ea");
  EXPECT_EQ(digest.body(1).bytes, 9U);
  // As `xxh128sum /dev/null` prints it.
  EXPECT_EQ(digest.body(2).digest, "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(digest.body(2).bytes, 0U);
}

TEST(ByteDigest, OfATapeIsThatOfItsBodies) {
  ByteDigest digest;
  digest.add(1, "data: a\n\n");
  ByteDigest lines;
  lines.add(1, digest.body(1).digest + " 9\n");
  EXPECT_EQ(digest.tape(), lines.body(1).digest);
  EXPECT_EQ(digest.bytes(), 9U);
}

TEST(ByteDigest, DependsOnBytesAndConnectionsOnly) {
  const std::string digest = digest_of({{1, "ab"}, {2, "cd"}});
  EXPECT_EQ(digest_of({{1, "a"}, {1, "b"}, {2, "c"}, {2, "d"}}), digest);
  EXPECT_EQ(digest_of({{2, "c"}, {1, "a"}, {2, "d"}, {1, "b"}}), digest) << "interleaved";
  EXPECT_EQ(digest_of({{3, "ab"}, {7, "cd"}}), digest) << "connections without bytes between";
  EXPECT_NE(digest_of({{1, "abcd"}}), digest);
  EXPECT_NE(digest_of({{1, "abc"}, {2, "d"}}), digest);
  EXPECT_NE(digest_of({{1, "cd"}, {2, "ab"}}), digest);
  EXPECT_NE(digest_of({{1, "ab"}, {2, "ce"}}), digest);
}

}  // namespace
}  // namespace tapedeck::schema
