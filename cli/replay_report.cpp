#include "cli/replay_report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "cli/output.hpp"
#include "core/base/json_writer.hpp"
#include "core/base/units.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::cli {
namespace {

constexpr std::int64_t tick_ns = std::chrono::nanoseconds(limits::status_line_interval).count();

/// `10.00x`, with so many digits as tell something.
std::string achieved_rate(const replayer::PlayReport& played) {
  char text[32];
  const double rate = static_cast<double>(played.recorded_ns) /
                      static_cast<double>(std::max<std::uint64_t>(played.elapsed_ns, 1));
  std::snprintf(text, sizeof text, rate < 1 ? "%.4fx" : "%.2fx", rate);
  return text;
}

std::string duration_text(std::uint64_t ns) {
  return format_duration(static_cast<std::int64_t>(ns));
}

}  // namespace

std::string summary(const replayer::PlayReport& played) {
  std::string text = counted(played.frames, "frame") + ", " + format_bytes(played.bytes);
  if (played.frames == 0) {
    return text;
  }
  text += "; " + duration_text(played.recorded_ns) + " of tape in " +
          duration_text(played.elapsed_ns) + ", " + achieved_rate(played);
  if (const replayer::Lateness& late = played.lateness; late.count() != 0) {
    text += "; late by " + format_duration(late.quantile_ns(500)) + " (p50), " +
            format_duration(late.quantile_ns(990)) + " (p99), " + format_duration(late.max_ns()) +
            " (max)";
  }
  return text;
}

void append_json(std::string& out, const replayer::PlayReport& played, const std::string& digest) {
  JsonWriter json(out);
  json.begin_object()
      .member("frames", played.frames)
      .member("bytes", played.bytes)
      .member("digest", digest)
      .member("recorded_ns", played.recorded_ns)
      .member("elapsed_ns", played.elapsed_ns)
      .key("lateness_ns");
  if (played.lateness.count() == 0) {
    json.null();
  } else {
    json.begin_object()
        .member("p50", played.lateness.quantile_ns(500))
        .member("p99", played.lateness.quantile_ns(990))
        .member("max", played.lateness.max_ns())
        .end_object();
  }
  json.end_object();
  out += '\n';
}

port::Wait TickClock::wait_until(std::int64_t due_ns) {
  while (true) {
    const std::int64_t step_ns = std::min(due_ns, looked_ns_ + tick_ns);
    const port::Wait wait = clock_.wait_until(step_ns);
    if (clock_.now_ns() >= looked_ns_ + tick_ns) {
      looked_ns_ = clock_.now_ns();
      look_();
    }
    if (wait == port::Wait::woken || step_ns == due_ns) {
      return wait;
    }
  }
}

}  // namespace tapedeck::cli
