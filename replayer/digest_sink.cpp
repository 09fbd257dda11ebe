#include "replayer/digest_sink.hpp"

#include <string_view>

#include <xxhash.h>

#include "core/base/check.hpp"

namespace tapedeck::replayer {

struct DigestSink::State {
  State() : xxh3(XXH3_createState()) {
    check(xxh3 != nullptr && XXH3_128bits_reset(xxh3) == XXH_OK, "memory for a digest");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh3); }

  XXH3_state_t* xxh3;
};

DigestSink::DigestSink() : state_(std::make_unique<State>()) {}
DigestSink::~DigestSink() = default;

Result<void> DigestSink::accept(const port::Frame& frame) {
  XXH3_128bits_update(state_->xxh3, frame.raw.data(), frame.raw.size());
  return {};
}

std::string DigestSink::digest() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxh3));
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    text += hex[byte >> 4];
    text += hex[byte & 15];
  }
  return text;
}

}  // namespace tapedeck::replayer
