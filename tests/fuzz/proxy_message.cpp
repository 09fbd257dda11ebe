// Heads and bodies that pass through the proxy: read or refused, the same whatever the chunks, and
// what is passed on reads as what came.
#include "recorder/proxy_message.hpp"

#include <optional>
#include <string>

#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

struct Reading {
  std::string head;
  std::string content;
  std::string refusal;
  bool done = false;
  std::size_t taken = 0;  ///< bytes up to the end of the message

  friend bool operator==(const Reading&, const Reading&) = default;
};

class MessageFeed {
 public:
  explicit MessageFeed(bool is_request) : is_request_(is_request) {}

  void push(std::string_view bytes) {
    const std::size_t size = bytes.size();
    if (!head_ && reading_.refusal.empty()) {
      take_head(bytes);
    }
    if (body_ && reading_.refusal.empty()) {
      if (const auto taken = body_->take(bytes, reading_.content); !taken) {
        reading_.refusal = taken.error().message;
      }
    }
    reading_.taken += size - bytes.size();
  }
  Reading finish() {
    reading_.done = body_ && body_->done();
    if (!reading_.refusal.empty()) {
      reading_.taken = 0;  // how far it came does depend on the chunks
      reading_.content.clear();
    }
    return reading_;
  }

 private:
  void take_head(std::string_view& bytes) {
    auto head = reader_.take(bytes);
    if (!head) {
      reading_.refusal = head.error().message;
      return;
    }
    if (!*head) {
      return;
    }
    head_ = **head;
    reading_.head = head_->text();
    auto body = is_request_ ? request_body() : response_body();
    if (body) {
      body_ = *body;
    } else {
      reading_.refusal = body.error().message;
    }
  }
  [[nodiscard]] Result<recorder::BodyReader> request_body() const {
    if (const auto line = recorder::parse_request_line(head_->start_line); !line) {
      return fail(line.error());
    }
    return recorder::BodyReader::of_request(*head_);
  }
  [[nodiscard]] Result<recorder::BodyReader> response_body() const {
    const auto status = recorder::parse_status_line(head_->start_line);
    if (!status) {
      return fail(status.error());
    }
    return recorder::BodyReader::of_response(*head_, *status, "GET");
  }

  bool is_request_;
  recorder::HeadReader reader_;
  std::optional<recorder::MessageHead> head_;
  std::optional<recorder::BodyReader> body_;
  Reading reading_;
};

Reading read(std::string_view bytes, bool is_request, std::uint64_t seed) {
  MessageFeed feed(is_request);
  in_chunks(bytes, seed, [&](std::string_view chunk) { feed.push(chunk); });
  return feed.finish();
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  const bool is_request = choice % 2 == 0;
  fuzz::MessageFeed whole(is_request);
  whole.push(input.rest());
  const fuzz::Reading reading = whole.finish();
  check(fuzz::read(input.rest(), is_request, choice) == reading, "chunks change nothing");
  if (reading.refusal.empty() && !reading.head.empty()) {
    const auto again = fuzz::read(reading.head, is_request, choice);
    check(again.refusal.empty() && again.head == reading.head, "what is passed on reads the same");
  }
  return 0;
}
