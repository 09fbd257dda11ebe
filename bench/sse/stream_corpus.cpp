#include "bench/sse/stream_corpus.hpp"

#include <array>
#include <random>
#include <string_view>

#include <xxhash.h>

namespace tapedeck::bench {
namespace {

constexpr std::array<std::string_view, 8> names{
    "Ada Okafor",  "Grace Lindqvist", "Mei Tanaka",        "Zo\xc3\xab Brandt",
    "Jonas Weber", "Priya Nair",      "S\xc3\xb8ren Dahl", "Maria Silva"};

class Writer {
 public:
  explicit Writer(std::size_t size) { corpus_.bytes.reserve(size + 4096); }

  [[nodiscard]] std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  [[nodiscard]] std::size_t size() const { return corpus_.bytes.size(); }

  /// `data_` is the data of the next message.
  Writer& text(std::string_view part) {
    data_ += part;
    return *this;
  }
  Writer& yes_no() { return text(draw(2) == 0 ? "\"NO\"" : "\"YES\""); }
  Writer& boolean() { return text(draw(2) == 0 ? "false" : "true"); }
  Writer& number(std::uint64_t value) { return text(std::to_string(value)); }
  Writer& uuid(std::uint64_t n) {
    std::string digits = std::to_string(1000000000000 + n * 2654435761U % 900000000000);
    digits.resize(12, '0');
    return text("\"5be0c3a7-41d2-4e0f-9a66-").text(digits).text("\"");
  }
  void message(std::string_view event) {
    sum_.add(event, data_);
    corpus_.bytes += "event: ";
    corpus_.bytes += event;
    corpus_.bytes += "\ndata: ";
    corpus_.bytes += data_;
    corpus_.bytes += "\n\n";
    data_.clear();
  }

  [[nodiscard]] StreamCorpus finish() {
    corpus_.answer = sum_.answer();
    return std::move(corpus_);
  }

 private:
  std::mt19937_64 random_{20261124};
  std::string data_;
  AnswerSum sum_;
  StreamCorpus corpus_;
};

void write_participant(Writer& out) {
  const std::uint64_t who = out.draw(500);
  const std::string_view name = names[who % names.size()];
  out.text("{\"api_url\":\"/participants/").number(who).text("\",\"buzz_time\":");
  out.number(out.draw(2) * 1766000000).text(",\"call_direction\":\"in\",\"call_tag\":\"\"");
  out.text(",\"call_uuid\":").uuid(who + 500).text(",\"can_receive_personal_mix\":").boolean();
  out.text(",\"disconnect_supported\":\"YES\",\"display_name\":\"").text(name);
  out.text("\",\"encryption\":\"On\",\"external_node_uuid\":\"\",\"fecc_supported\":").yes_no();
  out.text(",\"has_media\":").boolean().text(",\"is_audio_only_call\":").yes_no();
  out.text(",\"is_client_muted\":").boolean().text(",\"is_conjoined\":false");
  out.text(",\"is_external\":").boolean().text(",\"is_idp_authenticated\":").boolean();
  out.text(",\"is_main_video_dropped_out\":").boolean().text(",\"is_muted\":").yes_no();
  out.text(",\"is_presenting\":").yes_no().text(",\"is_streaming_conference\":false");
  out.text(",\"is_transferring\":").boolean().text(",\"is_video_call\":").yes_no();
  out.text(",\"is_video_muted\":").boolean().text(",\"is_video_silent\":").boolean();
  out.text(
      ",\"layout_group\":null,\"local_alias\":\"weekly@vc.invalid\",\"mute_supported\":\"YES\"");
  out.text(",\"needs_presentation_in_mix\":").boolean().text(",\"overlay_text\":\"").text(name);
  out.text("\",\"presentation_supported\":").yes_no().text(",\"protocol\":\"webrtc\",\"role\":");
  out.text(out.draw(5) == 0 ? "\"chair\"" : "\"guest\"").text(",\"rx_presentation_policy\":");
  out.text("\"ALLOW\",\"service_type\":\"conference\",\"show_live_captions\":").boolean();
  out.text(",\"spotlight\":0,\"start_time\":17").number(60000000 + out.draw(1000000)).text(".25");
  out.text(",\"transfer_supported\":\"YES\",\"uri\":\"sip:").number(who).text("@vc.invalid\"");
  out.text(",\"uuid\":").uuid(who).text(",\"vendor\":\"Mozilla/5.0 (X11; Linux x86_64)\"}");
  out.message("participant_update");
}

void write_stage(Writer& out) {
  out.text("[{\"participant_uuid\":").uuid(out.draw(500));
  out.text(",\"stage_index\":0,\"vad\":").number(out.draw(101)).text("}]");
  out.message("stage");
}

}  // namespace

StreamCorpus participant_corpus(std::size_t size) {
  Writer out(size);
  while (out.size() < size) {
    for (int i = 0; i < 9; ++i) {
      write_participant(out);
    }
    write_stage(out);
  }
  return out.finish();
}

StreamCorpus small_event_corpus(std::size_t size) {
  Writer out(size);
  while (out.size() < size) {
    out.text("{\"uuid\":").uuid(out.draw(500)).text(",\"vad\":");
    out.number(100 + out.draw(900)).text("}");
    out.message("participant_level");
  }
  return out.finish();
}

AnswerSum::AnswerSum() : state_(XXH3_createState()) {
  XXH3_64bits_reset(static_cast<XXH3_state_t*>(state_));
}

AnswerSum::~AnswerSum() {
  XXH3_freeState(static_cast<XXH3_state_t*>(state_));
}

void AnswerSum::add(std::string_view event, std::string_view data) {
  ++answer_.messages;
  answer_.data_bytes += data.size();
  auto* state = static_cast<XXH3_state_t*>(state_);
  XXH3_64bits_update(state, event.data(), event.size());
  XXH3_64bits_update(state, "\n", 1);
  XXH3_64bits_update(state, data.data(), data.size());
  XXH3_64bits_update(state, "\n", 1);
}

Answer AnswerSum::answer() const {
  Answer answer = answer_;
  answer.digest = XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_));
  return answer;
}

}  // namespace tapedeck::bench
