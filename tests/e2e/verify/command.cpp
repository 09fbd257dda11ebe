#include "tests/e2e/verify/command.hpp"

#include <cstdlib>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/run_sql.hpp"

namespace tapedeck {
namespace {

constexpr unsigned run_s_max = 20;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

/// Becomes the command; the last thing that a child does.
[[noreturn]] void become(const std::string& folder, std::vector<std::string> words) {
  words.insert(words.begin(), TAPEDECK_PROGRAM);
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  if (::chdir(folder.c_str()) == 0) {
    constexpr int for_writing = O_WRONLY | O_CREAT | O_TRUNC;
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(::open(".out", for_writing, 0600), STDOUT_FILENO);
    ::dup2(::open(".err", for_writing, 0600), STDERR_FILENO);
    ::alarm(run_s_max);  // outlives execv, and ends the command by a signal
    ::execv(TAPEDECK_PROGRAM, pointers.data());
  }
  std::abort();
}

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

Outcome Command::run(const std::string& arguments) const {
  const pid_t child = ::fork();
  if (child == 0) {
    become(folder.path(""), words_of(arguments));
  }
  int status = 0;
  rusage usage{};
  EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.out = test::read_file(folder.path(".out"));
  outcome.err = test::read_file(folder.path(".err"));
  outcome.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  EXPECT_TRUE(WIFEXITED(status)) << arguments << ": ended by signal " << WTERMSIG(status) << '\n'
                                 << outcome.err;
  for (const char* complaint : {"Sanitizer", "runtime error"}) {
    EXPECT_EQ(outcome.err.find(complaint), std::string::npos) << arguments << '\n' << outcome.err;
  }
  return outcome;
}

void Command::make_tape(const std::string& name, std::string_view body,
                        std::int64_t step_ns) const {
  test::make_tape(folder.path(name), body, step_ns);
}

void Command::change(const std::string& name, const std::string& sql) const {
  EXPECT_EQ(test::run_sql(folder.path(name), sql), "");
}

}  // namespace tapedeck
