// decode_json: for each line of stdin, the bytes of a text in hexadecimal, a line with what
// JSON.stringify(JSON.parse(text)) gives, or "!" where that throws. For tests against Node.
#include <cstdio>
#include <iostream>
#include <string>

#include "core/event/decoder.hpp"

int main() {
  tapedeck::event::Decoder decoder;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::string text;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
      text += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
    }
    const auto decoded = decoder.decode(text);
    std::string out;
    if (decoded.ok()) {
      append_json(out, decoded.value);
    } else {
      out = "!";
    }
    out += '\n';
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
}
