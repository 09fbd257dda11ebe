#include "replayer/fault_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/units.hpp"
#include "replayer/endpoints.hpp"
#include "replayer/fault_sources.hpp"

namespace tapedeck::replayer {
namespace {

/// In the order in which they act.
constexpr std::array line_faults{FaultKind::stall, FaultKind::drop, FaultKind::slow,
                                 FaultKind::split};

bool is_of_line(FaultKind kind) {
  return std::ranges::find(line_faults, kind) != line_faults.end();
}

bool is_of_stream(FaultKind kind) {
  return kind != FaultKind::status && kind != FaultKind::expire;
}

}  // namespace

FaultPlan::FaultPlan(const std::vector<Fault>& faults, std::uint64_t seed) : seed_(seed) {
  for (const Fault& fault : faults) {
    Entry entry{.fault = fault, .random = random_for(0, entries_.size())};
    if (const auto nth = fault.number(FaultKey::n)) {
      entry.nth = entry.random.between(nth->least, nth->most);
    }
    entries_.push_back(std::move(entry));
  }
}

Random FaultPlan::random_for(std::uint64_t stream, std::size_t entry) const {
  std::uint64_t state = seed_;
  state = split_mix(state) ^ stream;
  state = split_mix(state) ^ entry;
  return Random(state);
}

std::unique_ptr<port::FrameSource> FaultPlan::apply(std::unique_ptr<port::FrameSource> source,
                                                    std::uint64_t stream, std::int64_t begin_ns,
                                                    AfterCut after_cut) {
  const auto add = [&](std::size_t i) {
    Entry& entry = entries_[i];
    const auto only = entry.fault.exact(FaultKey::stream);
    if (!only || static_cast<std::uint64_t>(*only) == stream) {
      source = make_faulty(std::move(source), {.fault = entry.fault,
                                               .random = random_for(stream, i),
                                               .begin_ns = begin_ns,
                                               .after_cut = after_cut,
                                               .done = entry.done});
    }
  };
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const FaultKind kind = entries_[i].fault.kind;
    if (is_of_stream(kind) && !is_of_line(kind)) {
      add(i);
    }
  }
  for (const FaultKind kind : line_faults) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].fault.kind == kind) {
        add(i);
      }
    }
  }
  return source;
}

bool FaultPlan::writes_apart() const {
  return std::ranges::any_of(
      entries_, [](const Entry& entry) { return entry.fault.kind == FaultKind::split; });
}

std::optional<int> FaultPlan::refuse(std::string_view call) {
  std::optional<int> status;
  for (Entry& entry : entries_) {
    const std::string_view name = entry.fault.name(FaultKey::call);
    if (entry.fault.kind != FaultKind::status || (!name.empty() && !is_called(call, name))) {
      continue;
    }
    ++entry.asked;
    const auto chance = entry.fault.exact(FaultKey::p);
    const bool meant = entry.nth != 0 ? entry.asked == static_cast<std::uint64_t>(entry.nth)
                                      : !chance || draws(entry.random, *chance);
    if (meant && !status) {
      status = static_cast<int>(*entry.fault.exact(FaultKey::code));
      ++entry.done;
    }
  }
  return status;
}

bool FaultPlan::forgets() const {
  return std::ranges::any_of(
      entries_, [](const Entry& entry) { return entry.fault.kind == FaultKind::expire; });
}

std::optional<std::int64_t> FaultPlan::remembered_ns(std::uint64_t join) const {
  std::optional<std::int64_t> shortest_ns;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Fault& fault = entries_[i].fault;
    const auto only = fault.exact(FaultKey::join);
    if (fault.kind == FaultKind::expire && (!only || static_cast<std::uint64_t>(*only) == join)) {
      const Between after = *fault.number(FaultKey::after);
      const std::int64_t ns = random_for(join, i).between(after.least, after.most);
      shortest_ns = std::min(shortest_ns.value_or(ns), ns);
    }
  }
  return shortest_ns;
}

std::string FaultPlan::report() const {
  std::string text;
  for (const Entry& entry : entries_) {
    text += text.empty() ? "" : ", ";
    text += to_string(entry.fault);
    if (entry.fault.kind != FaultKind::expire) {
      text += ' ' + counted(entry.done, "time");
    }
  }
  return text;
}

}  // namespace tapedeck::replayer
