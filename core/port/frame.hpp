// A frame: a block of an event stream with its order, its connection and its time.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapedeck::port {

/// `raw` is borrowed: it lives until the next call of the source that gave it, or until the call
/// of the sink that gets it returns.
struct Frame {
  std::uint64_t seq = 0;            ///< order on the tape, from 1; 0 where the sink assigns it
  std::uint32_t connection_id = 0;  ///< from 1
  std::int64_t recv_ns = 0;         ///< when its last byte arrived, monotonic since the tape began
  bool complete = true;             ///< false: the block was cut off by the end of its connection,
                                    ///< or goes on in the next frame (limits::frame_bytes_max)
  std::string_view raw;             ///< the bytes as received
};

}  // namespace tapedeck::port
