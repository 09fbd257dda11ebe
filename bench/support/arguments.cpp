#include "bench/support/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <benchmark/benchmark.h>

#include "core/base/check.hpp"

namespace tapedeck::bench {
namespace {

std::size_t number(std::string_view name, std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check(error == std::errc{} && end == text.data() + text.size() && value > 0,
        (std::string(name) + " takes a number from 1 on").c_str());
  return value;
}

}  // namespace

Arguments take_arguments(int& argc, char** argv, std::size_t corpus_mib) {
  Arguments given{.corpus_mib = corpus_mib,
                  .seconds = 5,
                  .folder = std::filesystem::temp_directory_path(),
                  .write_corpus = {}};
  const auto take = [&](std::string_view argument) {
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string_view name = argument.substr(0, equals);
    const std::string_view value = argument.substr(std::min(equals + 1, argument.size()));
    if (name == "--corpus_mib") {
      given.corpus_mib = number(name, value);
    } else if (name == "--seconds") {
      given.seconds = number(name, value);
    } else if (name == "--folder") {
      given.folder = value;
    } else if (name == "--write_corpus") {
      given.write_corpus = value;
    } else {
      return false;
    }
    return true;
  };
  argc = static_cast<int>(std::remove_if(argv + 1, argv + argc, take) - argv);
  return given;
}

int run_benchmarks(int argc, char** argv, const std::function<void()>& add) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  add();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

ScratchFolder::ScratchFolder(const std::string& parent) : path_(parent + "/bench-XXXXXX") {
  check(::mkdtemp(path_.data()) != nullptr, "a folder for the files is made");
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tapedeck::bench
