// Runs a fuzz target where there is no libFuzzer: first on each input given, then on inputs made
// from those. What fails is left in a file, with the command that shows it again.
//
// Usage: fuzz_TARGET [--runs N] [--seed S] [--dictionary FILE] FILE|FOLDER...
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/percent.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace tapedeck::fuzz {
namespace {

constexpr std::size_t input_bytes_max = 4096;
constexpr const char* left_behind = "failing-input";

std::string current;  // for the signal handler

void leave_input_behind(int signal) {
  const int fd = ::open(left_behind, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written =
      fd >= 0 && ::write(fd, current.data(), current.size()) == std::ssize(current);
  constexpr std::string_view text = "the input is in ./failing-input; again: give it alone\n";
  if (written && ::write(STDERR_FILENO, text.data(), text.size()) < 0) {
    ::_exit(1);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run_on(std::string input) {
  current = std::move(input);
  // Exactly its size, so that a sanitizer sees who reads past it.
  const std::vector<std::uint8_t> bytes(current.begin(), current.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  check(file.is_open(), "an input cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The words of a libFuzzer dictionary: lines of "WORD", with \xAB, \\ and \" in it.
std::vector<std::string> words_of(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  check(file.is_open(), "the dictionary cannot be opened");
  for (std::string line; std::getline(file, line);) {
    const std::size_t begin = line.find('"');
    if (line.starts_with('#') || begin == std::string::npos) {
      continue;
    }
    std::string word;
    for (std::size_t i = begin + 1; i + 1 < line.size(); ++i) {
      if (line[i] != '\\') {
        word += line[i];
      } else if (line[++i] == 'x') {
        word += static_cast<char>(hex_value(line[i + 1]) * 16 + hex_value(line[i + 2]));
        i += 2;
      } else {
        word += line[i];
      }
    }
    words.push_back(word);
  }
  return words;
}

class Mutator {
 public:
  Mutator(std::vector<std::string> inputs, std::vector<std::string> words, std::uint64_t seed)
      : inputs_(std::move(inputs)), words_(std::move(words)), random_(seed) {
    inputs_.emplace_back();
  }

  std::string next() {
    std::string input = pick(inputs_);
    for (std::uint64_t left = 1 + random_.below(6); left > 0; --left) {
      change(input);
    }
    input.resize(std::min(input.size(), input_bytes_max));
    return input;
  }

 private:
  const std::string& pick(const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(random_.below(from.size()))];
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }

  void change(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t size = below(std::min<std::size_t>(input.size() - at, 64) + 1);
    const auto byte = static_cast<char>(random_.below(256));
    switch (random_.below(6)) {
      case 0:
        input.insert(at, 1, byte);
        break;
      case 1:
        input.erase(at, size);
        break;
      case 2:
        input.insert(below(input.size() + 1), input.substr(at, size));
        break;
      case 3:
        if (!words_.empty()) {
          input.insert(at, pick(words_));
        }
        break;
      case 4: {  // the end of another
        const std::string& other = pick(inputs_);
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default:
        if (at < input.size()) {
          input[at] = random_.percent(50) ? byte : static_cast<char>(input[at] ^ (byte & 8));
        }
    }
  }

  std::vector<std::string> inputs_;
  std::vector<std::string> words_;
  Random random_;
};

std::uint64_t number_of(const char* text) {
  std::uint64_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  check(error == std::errc{} && stop == end, "not a number");
  return number;
}

int run(int argc, char** argv) {
  std::uint64_t runs = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> words;
  std::vector<std::string> inputs;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--runs" && has_value) {
      runs = number_of(argv[++i]);
    } else if (argument == "--seed" && has_value) {
      seed = number_of(argv[++i]);
    } else if (argument == "--dictionary" && has_value) {
      words = words_of(argv[++i]);
    } else if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::directory_iterator(argument)) {
        inputs.push_back(contents_of(entry.path()));
      }
    } else {
      inputs.push_back(contents_of(argument));
    }
  }
  std::sort(inputs.begin(), inputs.end());  // a folder has no order
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) {
    std::signal(signal, leave_input_behind);
  }
  for (const std::string& input : inputs) {
    run_on(input);
  }
  Mutator mutator(inputs, words, seed);
  for (std::uint64_t i = 0; i < runs; ++i) {
    run_on(mutator.next());
  }
  std::printf("%zu inputs and %llu made from them hold\n", inputs.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}

}  // namespace
}  // namespace tapedeck::fuzz

int main(int argc, char** argv) {
  return tapedeck::fuzz::run(argc, argv);
}
