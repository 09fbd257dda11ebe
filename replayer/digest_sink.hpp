// Plays to nothing: counts the bytes of the frames and takes their digest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "replayer/paced_sink.hpp"

namespace tapedeck::replayer {

class DigestSink final : public PacedSink {
 public:
  DigestSink();
  ~DigestSink() override;

  Result<void> accept(const port::Frame& frame) override;
  Result<void> flush() override { return {}; }
  Result<void> finish() override { return {}; }

  /// XXH3 with 128 bits over the bytes so far, 32 hexadecimal digits, as `xxhsum -H2` prints it.
  [[nodiscard]] std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapedeck::replayer
