// The options that the benchmarks have beside those of Google Benchmark.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace tapedeck::bench {

struct Arguments {
  std::size_t corpus_mib = 0;  ///< --corpus_mib=N: how much there is to work on
  std::size_t seconds = 5;     ///< --seconds=N: how long something that is timed takes
  std::string folder;          ///< --folder=PATH: for files; that of temporary ones if not given
  std::string write_corpus;    ///< --write_corpus=FILE: write it for a peer, and run nothing
};

/// Takes these options out of the arguments. `corpus_mib` is used where none is given.
[[nodiscard]] Arguments take_arguments(int& argc, char** argv, std::size_t corpus_mib);

/// Hands the rest to Google Benchmark and runs what `add` registers. What main returns.
int run_benchmarks(int argc, char** argv, const std::function<void()>& add);

/// A fresh folder below `parent` that goes with all that is in it.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& parent);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tapedeck::bench
