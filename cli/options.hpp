// The options of one sub-command, on top of Program_options: help, positionals, errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "cli/command.hpp"
#include "core/base/result.hpp"

namespace tapedeck::cli {

namespace po = boost::program_options;

/// What was given on the command line.
class Values {
 public:
  explicit Values(po::variables_map map) : map_(std::move(map)) {}

  [[nodiscard]] bool has(const char* name) const { return map_.count(name) != 0; }

  template <class T = std::string>
  [[nodiscard]] const T& get(const char* name) const {
    return map_[name].as<T>();
  }

  /// For an option of type std::string; nothing when it was not given.
  [[nodiscard]] std::optional<std::string> text(const char* name) const;
  /// For an option that may be repeated, of type std::vector<std::string>: in the order given.
  [[nodiscard]] std::vector<std::string> texts(const char* name) const;
  /// For an option of type std::string that holds a DURATION.
  [[nodiscard]] Result<std::optional<std::int64_t>> duration(const char* name) const;
  /// For an option of type std::string that holds a whole number from `min` on.
  [[nodiscard]] Result<std::optional<std::int64_t>> whole(const char* name,
                                                          std::int64_t min = 0) const;

 private:
  po::variables_map map_;
};

/// Describes and reads the options of one sub-command.
class Options {
 public:
  /// `synopsis` is what follows the command's name, e.g. "TAPE [options]"; `about` is a paragraph
  /// for --help.
  Options(std::string command, std::string synopsis, std::string about);

  /// Adds options: `add()("speed", po::value<std::string>(), "...")`.
  po::options_description_easy_init add() { return described_.add_options(); }

  /// Declares the next positional argument; read it by `name` as a std::string.
  Options& positional(const char* name, bool required = true);

  /// Declares that any number of further positionals follow, read as std::vector<std::string>.
  Options& positionals(const char* name);

  /// Nothing: --help was asked for and printed, the command is done.
  [[nodiscard]] Result<std::optional<Values>> parse(const Arguments& arguments) const;

 private:
  struct Positional {
    std::string name;
    bool required;
    bool many;
  };

  [[nodiscard]] Failure usage_error(const std::string& what) const;
  [[nodiscard]] std::string help() const;

  std::string command_;
  std::string synopsis_;
  std::string about_;
  po::options_description described_{"Options"};
  std::vector<Positional> positionals_;
};

}  // namespace tapedeck::cli
