// tapedeck verify: whether tapes are whole, and what in them departs from the rules or from what is
// expected of them.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/conference_tape.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/overwritten_line.hpp"
#include "cli/table.hpp"
#include "cli/tape_check.hpp"
#include "cli/verify_report.hpp"

namespace tapedeck::cli {
namespace {

namespace fs = std::filesystem;

/// The tapes below `folder`, in the order of their names.
Result<std::vector<std::string>> tapes_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    // Whatever else bears such a name is a tape that cannot be judged.
    if (entry->path().extension() == ".tape" && !fs::is_directory(entry->path(), ignored)) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) {
    return fail_io("cannot read the folder '" + folder + "': " + error.message());
  }
  if (paths.empty()) {
    return fail_io("the folder '" + folder + "' holds no file that ends in .tape");
  }
  std::ranges::sort(paths);
  return paths;
}

/// Where the expectation of a tape below `folder` lies in the folder of expectations.
std::string expectation_of(const std::string& tape, const std::string& folder,
                           const std::string& expectations) {
  return (fs::path(expectations) / fs::path(tape).lexically_relative(folder))
      .replace_extension(".json")
      .string();
}

/// What was asked for.
struct Request {
  CheckOptions check;
  std::string path;
  bool is_folder = false;
};

CheckOptions options_for(const Request& request, const std::string& tape) {
  CheckOptions options = request.check;
  if (request.is_folder && !options.expectation_path.empty()) {
    options.expectation_path = expectation_of(tape, request.path, options.expectation_path);
    if (options.update) {
      std::error_code error;  // where it cannot be made, the file in it cannot be written either
      fs::create_directories(fs::path(options.expectation_path).parent_path(), error);
    }
  }
  return options;
}

/// Judges the tapes on all cores. The verdicts stand in the order of the tapes, whoever was first.
std::vector<TapeVerdict> judge(const Request& request, const std::vector<std::string>& tapes) {
  std::vector<TapeVerdict> verdicts(tapes.size());
  OverwrittenLine line;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto show_done = [&] {
    if (tapes.size() > 1) {
      line.show("verified " + std::to_string(done) + " of " + std::to_string(tapes.size()) +
                " tapes");
    }
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < tapes.size(); i = next++) {
      CheckOptions options = options_for(request, tapes[i]);
      if (tapes.size() == 1) {
        options.alone = true;
        options.progress = [&](double part) {
          line.show("verifying " + printable(tapes[i]) + ": " +
                    std::to_string(static_cast<int>(part * 100)) + " %");
        };
      }
      verdicts[i] = check_tape(tapes[i], options);
      ++done;
      show_done();
    }
  };
  show_done();
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::future<void>> workers;
  for (std::size_t i = 0; i < std::min(cores, tapes.size()); ++i) {
    workers.push_back(std::async(std::launch::async, work));
  }
  for (std::future<void>& worker : workers) {
    worker.get();
  }
  line.clear();
  return verdicts;
}

Result<Request> request_of(const Values& given) {
  Request request;
  request.path = given.get("TAPE");
  std::error_code error;
  request.is_folder = fs::is_directory(request.path, error);
  request.check.strict = given.has("strict");
  request.check.update = given.has("update");
  request.check.expectation_path = given.text("expect").value_or("");
  request.check.join = [&given](const schema::TapeReader& tape) { return join_of(given, tape); };
  if (request.check.update && request.check.expectation_path.empty()) {
    return fail_usage("--update writes an expectation: name its file with --expect");
  }
  if (given.has("json") && given.has("tap")) {
    return fail_usage("--json and --tap exclude each other: both write to stdout");
  }
  for (const std::string& assignment : given.texts("rule")) {
    if (auto set = request.check.rules.set(assignment); !set) {
      return fail_usage("--rule: " + set.error().message);
    }
  }
  return request;
}

Result<void> write_junit(const std::string& path, const std::vector<TapeVerdict>& verdicts) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    return fail_io("cannot write '" + path + "': " + std::strerror(errno));
  }
  Output output(fd, "'" + path + "'");
  append_junit(output.buffer(), verdicts);
  auto written = output.flush();
  if (::close(fd) != 0 && written) {
    written = fail_io("cannot write '" + path + "': " + std::strerror(errno));
  }
  return written;
}

Result<void> report(const Values& given, const std::vector<TapeVerdict>& verdicts) {
  if (const auto junit = given.text("junit")) {
    if (auto written = write_junit(*junit, verdicts); !written) {
      return written;
    }
  }
  Output output;
  if (given.has("json")) {
    append_json_lines(output.buffer(), verdicts);
  } else if (given.has("tap")) {
    append_tap(output.buffer(), verdicts);
  } else if (verdicts.size() > 1 || !verdicts.front().error) {
    append_text(output.buffer(), verdicts);
  }
  return output.flush();
}

Result<ExitCode> exit_code_of(const std::vector<TapeVerdict>& verdicts) {
  if (verdicts.size() == 1 && verdicts.front().error) {
    return fail(*verdicts.front().error);
  }
  ExitCode code = ExitCode::done;
  for (const TapeVerdict& verdict : verdicts) {
    if (verdict.error) {
      return ExitCode::input_output;
    }
    if (!verdict.passed()) {
      code = ExitCode::failed;
    }
  }
  return code;
}

Options described() {
  Options options(
      "verify", "TAPE|FOLDER [options]",
      "Tells whether a tape is whole, and what in it departs from the rules of\n"
      "docs/FINDINGS.md. Exit 1 where the verdict is a failure: the bytes are not what was\n"
      "received, or there is a finding of severity error. Of a FOLDER all .tape files below it\n"
      "are judged, on all cores.\n\n"
      "With --expect the tape is held against a file that --update wrote: the state at the end\n"
      "and at its checkpoints, how often a plugin hears each event, and the findings that are\n"
      "allowed; when the frames came does not count. For a FOLDER, --expect names a folder with\n"
      "a .json file for each tape.");
  options.positional("TAPE");
  options.add()("json", "one JSON object a tape")("tap", "Test Anything Protocol, a test a tape")(
      "junit", po::value<std::string>(), "write a JUnit report to this file too")(
      "strict", "findings of severity warn fail too")(
      "rule", po::value<std::vector<std::string>>()->composing(),
      "ID=off|info|warn|error: another severity for a rule; may be repeated")(
      "expect", po::value<std::string>(), "hold the tape against this expectation")(
      "update", "write the expectation");
  add_join_options(options);
  return options;
}

}  // namespace

Result<ExitCode> run_verify(const Arguments& arguments) {
  const auto parsed = described().parse(arguments);
  if (!parsed) {
    return fail(parsed.error());
  }
  if (!*parsed) {
    return ExitCode::done;
  }
  const Values& given = **parsed;
  const auto request = request_of(given);
  if (!request) {
    return fail(request.error());
  }
  std::vector<std::string> tapes{request->path};
  if (request->is_folder) {
    auto found = tapes_in(request->path);
    if (!found) {
      return fail(found.error());
    }
    tapes = *std::move(found);
  }
  const std::vector<TapeVerdict> verdicts = judge(*request, tapes);
  if (request->check.update && std::ranges::all_of(verdicts, &TapeVerdict::expected)) {
    say("wrote the expectation" + std::string(tapes.size() == 1 ? " " : "s below ") +
        request->check.expectation_path);
  }
  if (auto reported = report(given, verdicts); !reported) {
    return fail(reported.error());
  }
  return exit_code_of(verdicts);
}

}  // namespace tapedeck::cli
