// A digest of the bytes that came over each connection: the same for two tapes exactly when the
// bodies on them are the same, however they were cut into frames and whenever they arrived.
//
// The digest of a body is its XXH3 with 128 bits in the usual big-endian hexadecimal form, as
// `tapedeck cat --connection N TAPE | xxh128sum` prints it. The digest of a tape is that of a text
// with a line "DIGEST BYTES\n" for each connection that brought a byte, in the order of ids.
// Memory grows with the number of connections only. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tapedeck::schema {

class ByteDigest {
 public:
  ByteDigest();
  ByteDigest(const ByteDigest&) = delete;
  ByteDigest& operator=(const ByteDigest&) = delete;
  ~ByteDigest();

  /// The next bytes of a connection.
  void add(std::uint32_t connection_id, std::string_view bytes);

  struct Body {
    std::uint64_t bytes = 0;
    std::string digest;
  };
  /// Of one connection; without a byte the digest is that of nothing.
  [[nodiscard]] Body body(std::uint32_t connection_id) const;

  /// Bytes of all connections.
  [[nodiscard]] std::uint64_t bytes() const;

  /// Of the tape.
  [[nodiscard]] std::string tape() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapedeck::schema
