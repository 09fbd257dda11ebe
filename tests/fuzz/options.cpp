// The command line of replay and record, an argument a line: read, or refused with a sentence.
#include <cstdlib>
#include <string>

#include "cli/record_wishes.hpp"
#include "cli/replay_wishes.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

void check_sentence(const Error& error) {
  check(!error.message.empty(), "a refusal says why");
}

/// What reads files of the machine, or prints, is left out.
bool is_about_options(const std::string& argument) {
  for (const char* other : {"--help", "-h", "--ca", "--cert", "--key"}) {
    if (argument.starts_with(other)) {
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace tapedeck::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapedeck;
  // The system's authorities, to be read again for each input, would take most of the time.
  static const bool without_authorities = ::setenv("SSL_CERT_FILE", "/dev/null", 1) == 0;
  check(without_authorities, "the environment can be changed");
  static const cli::Options replay_options = cli::replay_options();
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  cli::Arguments arguments;
  while (!input.empty()) {
    std::string argument(input.until('\n'));
    if (fuzz::is_about_options(argument)) {
      arguments.push_back(std::move(argument));
    }
  }
  if (choice % 2 == 0) {
    const auto values = replay_options.parse(arguments);
    if (!values) {
      fuzz::check_sentence(values.error());
    } else if (*values) {
      if (const auto wishes = cli::read_replay_wishes(**values); !wishes) {
        fuzz::check_sentence(wishes.error());
      }
    }
  } else if (const auto wishes = cli::read_record_wishes(arguments); !wishes) {
    fuzz::check_sentence(wishes.error());
  }
  return 0;
}
