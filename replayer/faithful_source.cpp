#include "replayer/faithful_source.hpp"

#include <string_view>
#include <utility>

namespace tapedeck::replayer {

FaithfulSource::FaithfulSource(std::unique_ptr<port::FrameSource> source, Losses losses,
                               std::function<void(const Loss&)> lost)
    : source_(std::move(source)), losses_(std::move(losses)), lost_(std::move(lost)) {}

Result<std::optional<port::Frame>> FaithfulSource::next() {
  if (is_lost_) {
    return std::optional<port::Frame>{};
  }
  auto frame = source_->next();
  if (!frame || !*frame) {
    return frame;
  }
  if (last_ && (*frame)->connection_id != last_->connection_id) {
    is_lost_ = true;
    const Loss loss = losses_(last_->connection_id, (*frame)->connection_id);
    lost_(loss);
    port::Frame mark = *last_;
    mark.recv_ns = loss.at_ns;
    mark.complete = true;
    mark.raw = std::string_view();
    return std::optional{mark};
  }
  last_ = **frame;
  return frame;
}

}  // namespace tapedeck::replayer
