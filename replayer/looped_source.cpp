#include "replayer/looped_source.hpp"

#include <algorithm>
#include <utility>

#include "core/base/saturating.hpp"

namespace tapedeck::replayer {

LoopedSource::LoopedSource(port::FrameSourceFactory open, std::uint64_t passes,
                           std::int64_t from_ns, const LoopStart& start)
    : open_(std::move(open)),
      passes_(passes),
      from_ns_(from_ns),
      passes_begun_(start.passes_over),
      last_ns_(from_ns + start.time_over_ns),
      last_seq_(start.seq_over) {}

Result<std::optional<port::Frame>> LoopedSource::next() {
  for (;;) {
    if (!pass_) {
      const bool done = passes_ != 0 && passes_begun_ == passes_;
      const bool barren = empty_passes_ == 2;  // the first may have begun at its end
      if (done || barren) {
        return std::optional<port::Frame>{};
      }
      auto pass = open_();
      if (!pass) {
        return fail(pass.error());
      }
      pass_ = std::move(*pass);
      ++passes_begun_;
      ++empty_passes_;
      shift_ns_ = last_ns_ - from_ns_;
      seq_shift_ = last_seq_;
      connection_shift_ = last_connection_;
    }
    auto frame = pass_->next();
    if (!frame) {
      return fail(frame.error());
    }
    if (!*frame) {
      pass_.reset();
      continue;
    }
    empty_passes_ = 0;
    port::Frame& shifted = **frame;
    shifted.recv_ns = saturating_add(shifted.recv_ns, shift_ns_);
    shifted.seq += seq_shift_;
    shifted.connection_id += connection_shift_;
    last_ns_ = std::max(last_ns_, shifted.recv_ns);
    last_seq_ = shifted.seq;
    last_connection_ = std::max(last_connection_, shifted.connection_id);
    return frame;
  }
}

}  // namespace tapedeck::replayer
