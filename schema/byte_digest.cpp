#include "schema/byte_digest.hpp"

#include <map>

#include <xxhash.h>

#include "core/base/check.hpp"

namespace tapedeck::schema {
namespace {

struct Free {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

std::string hex(XXH128_hash_t hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  XXH128_canonical_t bytes{};
  XXH128_canonicalFromHash(&bytes, hash);
  std::string text;
  for (const unsigned char byte : bytes.digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 0xfU];
  }
  return text;
}

struct Running {
  Running() : state(XXH3_createState()) {
    check(state != nullptr && XXH3_128bits_reset(state.get()) == XXH_OK, "no memory is left");
  }

  [[nodiscard]] ByteDigest::Body body() const {
    return {bytes, hex(XXH3_128bits_digest(state.get()))};
  }

  std::unique_ptr<XXH3_state_t, Free> state;
  std::uint64_t bytes = 0;
};

}  // namespace

struct ByteDigest::Impl {
  std::map<std::uint32_t, Running> connections;
};

ByteDigest::ByteDigest() : impl_(std::make_unique<Impl>()) {}

ByteDigest::~ByteDigest() = default;

void ByteDigest::add(std::uint32_t connection_id, std::string_view bytes) {
  Running& running = impl_->connections[connection_id];
  XXH3_128bits_update(running.state.get(), bytes.data(), bytes.size());
  running.bytes += bytes.size();
}

ByteDigest::Body ByteDigest::body(std::uint32_t connection_id) const {
  const auto found = impl_->connections.find(connection_id);
  return found == impl_->connections.end() ? Body{0, hex(XXH3_128bits("", 0))}
                                           : found->second.body();
}

std::uint64_t ByteDigest::bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [id, running] : impl_->connections) {
    bytes += running.bytes;
  }
  return bytes;
}

std::string ByteDigest::tape() const {
  std::string text;
  for (const auto& [id, running] : impl_->connections) {
    const Body body = running.body();
    text += body.digest + ' ' + std::to_string(body.bytes) + '\n';
  }
  return hex(XXH3_128bits(text.data(), text.size()));
}

}  // namespace tapedeck::schema
