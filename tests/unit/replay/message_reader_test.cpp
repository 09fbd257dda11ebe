#include "replayer/message_reader.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck::replayer {
namespace {

std::vector<std::string> messages(const std::vector<port::Frame>& frames) {
  std::vector<std::string> found;
  MessageReader reader;
  for (const port::Frame& frame : frames) {
    reader.push(frame);
    while (const auto parsed = reader.next()) {
      if (parsed->kind == sse::Parsed::Kind::message) {
        found.push_back(std::string(parsed->message.event) + "=" +
                        std::string(parsed->message.data) + "#" +
                        std::string(parsed->message.last_event_id));
      }
    }
  }
  return found;
}

TEST(MessageReader, GivesTheMessagesOfAStream) {
  EXPECT_EQ(messages({{.seq = 1, .connection_id = 1, .raw = "event: stage\ndata: []\nid: 7\n\n"},
                      {.seq = 2, .connection_id = 1, .raw = ": keep-alive\n\n"},
                      {.seq = 3, .connection_id = 1, .raw = "data: x\n\n"}}),
            (std::vector<std::string>{"stage=[]#7", "message=x#7"}));
}

TEST(MessageReader, AConnectionBeginsANewStream) {
  EXPECT_EQ(
      messages({{.seq = 1, .connection_id = 1, .raw = "id: 7\ndata: x\n\n"},
                {.seq = 2, .connection_id = 1, .complete = false, .raw = "event: stage\ndata: ["},
                {.seq = 3, .connection_id = 2, .raw = "data: y\n\n"}}),
      (std::vector<std::string>{"message=x#7", "message=y#"}));
}

}  // namespace
}  // namespace tapedeck::replayer
