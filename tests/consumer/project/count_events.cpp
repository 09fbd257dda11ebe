// Parses an event stream that comes in pieces, as a socket would bring it.
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include <tapedeck/core/sse/message_parser.hpp>

int main() {
  std::map<std::string, int> counts;
  tapedeck::sse::MessageParser parser;
  for (const char* bytes :
       {"event: stage\nda", "ta: []\n\ndata: hi\n", "\nevent: stage\ndata: {}\n\n"}) {
    parser.push(bytes);
    while (const auto parsed = parser.next()) {
      if (parsed->kind == tapedeck::sse::Parsed::Kind::message) {
        ++counts[std::string(parsed->message.event)];
      }
    }
  }
  const bool right = counts == std::map<std::string, int>{{"message", 1}, {"stage", 2}};
  std::cout << (right ? "three events\n" : "not what was sent\n");
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
