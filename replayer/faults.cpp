#include "replayer/faults.hpp"

#include <utility>

#include "core/base/check.hpp"

namespace tapedeck::replayer {

FaultySource::FaultySource(std::unique_ptr<port::FrameSource> source, const StreamFaults& faults,
                           std::function<void()> broke)
    : source_(std::move(source)), faults_(faults), broke_(std::move(broke)) {
  check(!faults_.stalls ||
            (faults_.stalls->for_ns >= 0 && faults_.stalls->every_ns > faults_.stalls->for_ns),
        "stalls that never end");
}

Result<std::optional<port::Frame>> FaultySource::next() {
  if (is_broken_) {
    return std::optional<port::Frame>{};
  }
  auto frame = source_->next();
  if (!frame || !*frame) {
    return frame;
  }
  port::Frame& arriving = **frame;
  arriving.recv_ns = arrival_ns(arriving.recv_ns);
  if (!faults_.break_off || arriving.recv_ns < faults_.break_off->at_ns) {
    return frame;
  }
  is_broken_ = true;
  broke_();
  const std::size_t kept = arriving.raw.size() * faults_.break_off->kept_permille / 1000;
  if (kept == 0) {
    return std::optional<port::Frame>{};
  }
  if (kept < arriving.raw.size()) {
    arriving.raw = arriving.raw.substr(0, kept);
    arriving.complete = false;
  }
  return frame;
}

std::int64_t FaultySource::arrival_ns(std::int64_t recv_ns) const {
  if (!faults_.stalls || recv_ns < faults_.stalls->every_ns) {
    return recv_ns;
  }
  const std::int64_t into_ns = recv_ns % faults_.stalls->every_ns;
  return into_ns < faults_.stalls->for_ns ? recv_ns - into_ns + faults_.stalls->for_ns : recv_ns;
}

}  // namespace tapedeck::replayer
