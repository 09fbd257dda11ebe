#include "bench/state/payload_corpus.hpp"

#include <array>
#include <cstdint>

#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/event/kind.hpp"
#include "core/sim/payload.hpp"
#include "core/sim/sim_source.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::bench {
namespace {

constexpr std::size_t people = 500;
constexpr std::size_t room_behind = 64;  // that simdjson reads into
constexpr std::size_t longest = std::size_t{64} * 1024;

class Writer {
 public:
  /// Views of the texts are taken while it writes: nothing may move.
  explicit Writer(std::size_t size) : size_(size) {
    corpus_.bytes.reserve(size + longest + room_behind);
  }

  void add(event::Kind kind, std::string_view text) {
    check(text.size() <= longest, "a payload fits");
    const char* const start = corpus_.bytes.data() + corpus_.bytes.size();
    corpus_.bytes += text;
    corpus_.payloads.push_back({kind, {start, text.size()}});
    corpus_.size += text.size();
  }

  [[nodiscard]] bool is_full() const { return corpus_.size >= size_; }

  [[nodiscard]] PayloadCorpus finish() {
    corpus_.bytes.append(room_behind, ' ');
    return std::move(corpus_);
  }

 private:
  std::size_t size_;
  PayloadCorpus corpus_;
};

sim::Participant person(std::size_t number, Random& random) {
  constexpr std::array<std::string_view, 4> names{"Ada Okafor", "Mei Tanaka", "Zo\xc3\xab Brandt",
                                                  "Priya Nair"};
  constexpr std::array<std::string_view, 3> vendors{
      "Mozilla/5.0 (X11; Linux x86_64; rv:138.0) Firefox/138.0", "Cisco/CE 9.15.13",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/137.0"};
  sim::Participant made;
  std::string digits = std::to_string(100'000'000'000 + number * 7919);
  made.uuid = "5be0c3a7-41d2-4e0f-9a66-" + digits;
  made.display_name = names[random.below(names.size())];
  made.overlay_text = made.display_name;
  made.uri = std::to_string(number) + "@vc.invalid";
  made.vendor = vendors[random.below(vendors.size())];
  made.start_wall_ns = sim::epoch_ns + static_cast<std::int64_t>(number) * 1'234'567'000;
  made.has_media = true;
  made.has_video = true;
  return made;
}

void change(sim::Participant& person, std::int64_t now_ns, Random& random) {
  switch (random.below(8)) {
    case 0:
      person.muted = !person.muted;
      person.client_muted = person.muted;
      return;
    case 1:
      person.buzz_wall_ns = person.buzz_wall_ns == 0 ? now_ns : 0;
      return;
    case 2:
      person.presenting = !person.presenting;
      return;
    case 3:
      person.spotlight_wall_ns = person.spotlight_wall_ns == 0 ? now_ns : 0;
      return;
    case 4:
      person.captions_shown = !person.captions_shown;
      return;
    case 5:
      person.video_dropped_out = !person.video_dropped_out;
      return;
    case 6:
      person.client_muted = !person.client_muted;
      return;
    default:
      person.video_muted = !person.video_muted;
      return;
  }
}

}  // namespace

PayloadCorpus update_corpus(std::size_t size) {
  Writer out(size);
  Random random(6);
  std::vector<sim::Participant> all;
  for (std::size_t i = 0; i < people; ++i) {
    all.push_back(person(i, random));
    out.add(event::Kind::participant_create, sim::participant_payload(all.back()));
  }
  std::int64_t now_ns = sim::epoch_ns;
  while (!out.is_full()) {
    now_ns += 1'234'567'000;
    sim::Participant& one = all[random.below(all.size())];
    change(one, now_ns, random);
    std::string text = sim::participant_payload(one);
    if (random.below(800) == 0) {  // and once more when it goes
      text.insert(1, R"("is_guest":true,)");
    }
    out.add(event::Kind::participant_update, text);
  }
  return out.finish();
}

PayloadCorpus meeting_corpus(std::size_t size) {
  Writer out(size);
  sim::SimSource source({.seed = 6, .participants = people, .breakouts = 0});
  sse::MessageParser parser;
  while (!out.is_full()) {
    const auto frame = source.next();
    check(frame && *frame, "the meeting goes on");
    parser.push((*frame)->raw);
    while (const auto parsed = parser.next()) {
      if (!parsed->message.data.empty()) {
        out.add(event::kind_of(parsed->message.event), parsed->message.data);
      }
    }
  }
  return out.finish();
}

std::string stream_of(const PayloadCorpus& corpus) {
  constexpr std::size_t around = 64;  // an event at most, names of fields and events
  std::string stream;
  stream.reserve(corpus.size + corpus.payloads.size() * around);
  for (const PayloadCorpus::Payload& payload : corpus.payloads) {
    stream += "event: ";
    stream += event::name_of(payload.kind);
    stream += "\ndata: ";
    stream += payload.text;
    stream += "\n\n";
  }
  return stream;
}

}  // namespace tapedeck::bench
