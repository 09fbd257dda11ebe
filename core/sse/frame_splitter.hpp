// Cuts an event stream into blocks without losing a byte: a push object without socket or clock.
//
// A block is the bytes up to and including a blank line; a line ends in LF, CR or CR LF (WHATWG
// HTML, section 9.2.5), and a byte order mark at the start of the stream is not part of its line.
// Where it is cut does not depend on how the bytes are chunked: after a blank line that ends in
// CR, a following LF belongs to the same block where the line before ended in CR LF (or at the
// start of the stream), and to the next block otherwise, so that a stream of lone CRs or LFs is
// cut without waiting for another byte. Either way a block parsed by itself dispatches what it
// dispatches in the stream. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/sse/line_scanner.hpp"

namespace tapedeck::sse {

/// `raw` is valid until the next call of the splitter. It lies in the pushed bytes where the block
/// came with one push, and in the splitter otherwise.
struct Block {
  std::string_view raw;
  bool complete = true;  ///< false: longer than the limit and goes on in the next block, or the
                         ///< stream ended in the middle of it
  bool ended_in_earlier_push = false;  ///< its last byte came with a push before the current one
};

class FrameSplitter {
 public:
  /// A block of more than `block_bytes_max` bytes is given in pieces of that size and a rest; the
  /// splitter holds no more than that. At least 4, the length of a marked blank line.
  explicit FrameSplitter(std::size_t block_bytes_max = limits::frame_bytes_max);

  /// Hands in the next bytes of the stream; they must live until `next` has returned nothing, and
  /// nothing may be pushed before. Empty bytes are no push.
  void push(std::string_view bytes);

  /// The next block that is whole, or nothing until more bytes are pushed.
  [[nodiscard]] std::optional<Block> next();

  /// The stream is over: the rest, if there is one; call it when `next` has returned nothing. A
  /// new stream may begin afterwards.
  [[nodiscard]] std::optional<Block> finish();

 private:
  /// What the bytes so far ask of the next one. A line start is the start of a block too where a
  /// blank line has just ended one.
  enum class State {
    first_line,            ///< in the first line of the stream
    in_line,               ///< in a line that is not blank
    after_cr,              ///< after the CR of such a line: an LF belongs to it
    line_start,            ///< a CR here is a blank line, and the LF after it the next block's
    line_start_crlf,       ///< the line before ended in CR LF: the LF after a CR is waited for
    after_blank_cr,        ///< after that CR
    block_start_after_cr,  ///< a CR has ended the block before; an LF here belongs to that CR
    block_start_crlf,      ///< only such an LF so far; otherwise as line_start_crlf
  };

  /// Goes over `bytes`, which follow `held_`, until the block ends. Returns how many of them belong
  /// to it, or nothing when it goes on.
  [[nodiscard]] std::optional<std::size_t> advance(std::string_view bytes);
  /// Gives the block or piece that ends `size` bytes into `rest_`.
  [[nodiscard]] Block take(std::size_t size, bool complete);

  std::size_t block_bytes_max_;
  ScanLine scan_line_ = fastest_line_scanner();
  State state_ = State::first_line;
  std::string_view rest_;  ///< pushed and not yet given; starts where the block or its rest starts
  std::string held_;       ///< the start of the block, from earlier pushes
  std::string given_;      ///< the block last given, where it was put together from pushes
};

}  // namespace tapedeck::sse
