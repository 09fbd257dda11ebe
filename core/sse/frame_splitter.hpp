// Cuts an event stream into blocks without losing a byte: a push object without socket or clock.
//
// A block is the bytes up to and including a blank line. Where it is cut does not depend on how the
// bytes are chunked: after a blank line that ends in CR, a following LF belongs to the same block
// where the line before ended in CR LF (or at the start of the stream), and to the next block
// otherwise, so that a stream of lone CRs or LFs is cut without waiting for another byte. Either
// way a block parsed by itself dispatches what it dispatches in the stream. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"

namespace tapedeck::sse {

/// `raw` is valid until the next call of the splitter.
struct Block {
  std::string_view raw;
  bool complete = true;  ///< false: longer than the limit and goes on in the next block, or the
                         ///< stream ended in the middle of it
  bool ended_in_earlier_push = false;  ///< its last byte came with a push before the current one
};

class FrameSplitter {
 public:
  explicit FrameSplitter(std::size_t block_bytes_max = limits::frame_bytes_max);

  /// Hands in the next bytes of the stream; they must live until `next` has returned nothing.
  void push(std::string_view bytes);

  /// The next block that is whole, or nothing until more bytes are pushed.
  [[nodiscard]] std::optional<Block> next();

  /// The stream is over: the rest, if there is one. A new stream may begin afterwards.
  [[nodiscard]] std::optional<Block> finish();
};

}  // namespace tapedeck::sse
