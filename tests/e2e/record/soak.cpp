// Hours of a busy conference, as fast as they can be recorded, onto a tape: is memory flat?
//
// soak HOURS... runs each length with a conference and a tape of its own, through the recorder with
// --scrub, prints what the process has in memory at the end of each part, and fails where the last
// quarter of a run holds more than its first, but for allowed_bytes. The suite runs one hour;
// `soak 1 6 24` is the longer run. Under a sanitizer memory is not judged.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <unistd.h>

#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "core/port/virtual_clock.hpp"
#include "core/sim/sim_source.hpp"
#include "recorder/recording.hpp"
#include "recorder/redact.hpp"
#include "recorder/scrub.hpp"
#include "schema/tape_reader.hpp"
#include "schema/tape_writer.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck {
namespace {

/// What an allocator may keep of what it was given back.
constexpr std::uint64_t allowed_bytes = 4 * 1024 * 1024;
constexpr int parts = 8;
constexpr std::int64_t hour_ns = 3600 * ns_per_s;

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// A token is refreshed twice a minute, as the client of a node does.
void refresh(recorder::Recording& recording, recorder::Redactor& redactor, std::int64_t now_ns) {
  const std::string token = "token+" + std::to_string(now_ns) + "/" + std::string(20, 'a') + "==";
  redactor.placeholder("token", token);
  check(recording
            .note({.request_ns = now_ns,
                   .response_ns = now_ns,
                   .method = "POST",
                   .target = redactor.target("/refresh_token?token=" + token),
                   .request_headers = redactor.header("token", token),
                   .request_body = "",
                   .status = 200,
                   .response_headers = "",
                   .response_body = redactor.json(R"({"result":{"token":")" + token + "\"}}")})
            .has_value(),
        "an exchange is recorded");
}

/// Whether memory was flat.
bool soak(std::int64_t hours) {
  const test::TemporaryFolder folder;
  port::VirtualClock clock;
  const auto tape = *schema::TapeWriter::open(folder.path(), {});
  recorder::Redactor redactor;
  recorder::ScrubbingSink sink(*tape, redactor);
  recorder::Recording recording(
      sink, clock, [] { return 0; }, std::nullopt);
  check(recording.connect({.source = "simulated", .headers = "", .last_event_id = ""}).has_value(),
        "a connection is recorded");

  const std::int64_t duration_ns = hours * hour_ns;
  sim::SimSource source({.seed = 1, .participants = 60, .duration_ns = duration_ns});
  std::uint64_t peaks[parts] = {};
  std::int64_t refreshed_ns = 0;
  int part = 0;
  while (const auto frame = *source.next()) {
    clock.wait_until(frame->recv_ns);
    for (; frame->recv_ns - refreshed_ns >= 30 * ns_per_s; refreshed_ns += 30 * ns_per_s) {
      refresh(recording, redactor, refreshed_ns);
    }
    check(recording.take(frame->raw).has_value(), "a frame is recorded");
    const int now = static_cast<int>(frame->recv_ns / (duration_ns / parts + 1));
    if (now != part || recording.totals().frames % 1024 == 0) {
      peaks[now] = std::max(peaks[now], resident_bytes());
      part = now;
    }
  }
  check(recording.disconnect(port::ConnectionEnd::finished, "over").has_value(), "it ends");
  check(recording.finish().has_value(), "it is closed");
  const std::uint64_t first = std::max(peaks[0], peaks[1]);
  const std::uint64_t last = std::max(peaks[parts - 2], peaks[parts - 1]);
  const bool flat = last <= first + allowed_bytes;
  std::printf("%lld h: %s frames, %s; in memory", static_cast<long long>(hours),
              format_count(recording.totals().frames).c_str(),
              format_bytes(recording.totals().bytes).c_str());
  for (const std::uint64_t peak : peaks) {
    std::printf(" %s", format_bytes(peak).c_str());
  }
  std::printf(": %s\n", !test::memory_is_own ? "not judged, the sanitizer has memory of its own"
                        : flat               ? "flat"
                                             : "NOT FLAT");
  std::fflush(stdout);  // the next run takes its time
  return flat || !test::memory_is_own;
}

}  // namespace
}  // namespace tapedeck

int main(int argc, char** argv) {
  bool flat = argc > 1;
  for (int i = 1; i < argc; ++i) {
    const long hours = std::strtol(argv[i], nullptr, 10);
    flat = hours > 0 && tapedeck::soak(hours) && flat;
  }
  return flat ? 0 : 1;
}
