#include "cli/options.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <sstream>

#include "core/base/units.hpp"

namespace tapedeck::cli {
namespace {

po::variables_map read_arguments(const Arguments& arguments, const po::options_description& all,
                                 const po::positional_options_description& order) {
  namespace style = po::command_line_style;
  po::variables_map map;
  po::store(po::command_line_parser(arguments)
                .options(all)
                .positional(order)
                .style(style::unix_style & ~style::allow_guessing)
                .run(),
            map);
  po::notify(map);
  return map;
}

/// What the library says of arguments that it refuses. It puts what was given in the place of
/// %option%, %value% and others of its sentences, and never comes to an end where that holds such a
/// place itself: it is shown arguments without a %.
std::string complaint_about(Arguments arguments, const po::options_description& all,
                            const po::positional_options_description& order) {
  constexpr char instead = '\x01';
  for (std::string& argument : arguments) {
    std::ranges::replace(argument, '%', instead);
  }
  std::string complaint = "the arguments cannot be read";
  try {
    read_arguments(arguments, all, order);
  } catch (const po::error& error) {
    complaint = error.what();
    std::ranges::replace(complaint, instead, '%');
  }
  return complaint;
}

}  // namespace

std::optional<std::string> Values::text(const char* name) const {
  if (!has(name)) {
    return std::nullopt;
  }
  return get<std::string>(name);
}

std::vector<std::string> Values::texts(const char* name) const {
  return has(name) ? get<std::vector<std::string>>(name) : std::vector<std::string>();
}

Result<std::optional<std::int64_t>> Values::duration(const char* name) const {
  const auto given = text(name);
  if (!given) {
    return std::optional<std::int64_t>{};
  }
  auto ns = parse_duration(*given);
  if (!ns) {
    return fail_usage("--" + std::string(name) + ": " + ns.error().message);
  }
  return std::optional<std::int64_t>{*ns};
}

Result<std::optional<std::int64_t>> Values::whole(const char* name, std::int64_t min) const {
  const auto given = text(name);
  if (!given) {
    return std::optional<std::int64_t>{};
  }
  std::int64_t number = 0;
  const char* const end = given->data() + given->size();
  const auto [stop, error] = std::from_chars(given->data(), end, number);
  if (error != std::errc{} || stop != end || number < min) {
    return fail_usage("--" + std::string(name) + ": '" + *given + "' is not a whole number from " +
                      std::to_string(min) + " on");
  }
  return std::optional<std::int64_t>{number};
}

Options::Options(std::string command, std::string synopsis, std::string about)
    : command_(std::move(command)), synopsis_(std::move(synopsis)), about_(std::move(about)) {
  add()("help,h", "print this help and exit");
}

Options& Options::positional(const char* name, bool required) {
  positionals_.push_back({name, required, false});
  return *this;
}

Options& Options::positionals(const char* name) {
  positionals_.push_back({name, false, true});
  return *this;
}

Failure Options::usage_error(const std::string& what) const {
  return fail_usage(what + "; see 'tapedeck " + command_ + " --help'");
}

std::string Options::help() const {
  std::ostringstream text;
  text << "usage: tapedeck " << command_ << ' ' << synopsis_ << "\n\n"
       << about_ << "\n\n"
       << described_;
  return text.str();
}

Result<std::optional<Values>> Options::parse(const Arguments& arguments) const {
  po::options_description all;
  all.add(described_);
  po::positional_options_description order;
  po::options_description hidden;
  for (const Positional& positional : positionals_) {
    if (positional.many) {
      hidden.add_options()(positional.name.c_str(), po::value<std::vector<std::string>>());
      order.add(positional.name.c_str(), -1);
    } else {
      hidden.add_options()(positional.name.c_str(), po::value<std::string>());
      order.add(positional.name.c_str(), 1);
    }
  }
  all.add(hidden);
  po::variables_map map;
  try {
    map = read_arguments(arguments, all, order);
  } catch (const po::too_many_positional_options_error&) {
    return usage_error("too many arguments");
  } catch (const po::error&) {
    return usage_error(complaint_about(arguments, all, order));
  }
  if (map.count("help") != 0) {
    std::cout << help() << std::flush;
    return std::optional<Values>{};
  }
  for (const Positional& positional : positionals_) {
    if (positional.required && map.count(positional.name) == 0) {
      return usage_error(positional.name + " is missing");
    }
  }
  return std::optional<Values>{Values{std::move(map)}};
}

}  // namespace tapedeck::cli
