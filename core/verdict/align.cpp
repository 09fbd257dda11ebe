#include "core/verdict/align.hpp"

#include <algorithm>
#include <unordered_map>

namespace tapedeck::verdict {
namespace {

using Sequence = std::span<const std::uint64_t>;

/// Positions of one element in both sequences.
struct Match {
  std::size_t a = 0;
  std::size_t b = 0;
};

/// What occurs exactly once in `part` of each sequence, in the order of a.
std::vector<Match> unique_matches(Sequence a, Sequence b, const Hunk& part) {
  struct Seen {
    std::size_t in_a = 0;
    std::size_t in_b = 0;
    std::size_t b = 0;
  };
  std::unordered_map<std::uint64_t, Seen> seen;
  for (std::size_t i = part.a_begin; i < part.a_end; ++i) {
    ++seen[a[i]].in_a;
  }
  for (std::size_t j = part.b_begin; j < part.b_end; ++j) {
    if (const auto found = seen.find(b[j]); found != seen.end()) {
      ++found->second.in_b;
      found->second.b = j;
    }
  }
  std::vector<Match> matches;
  for (std::size_t i = part.a_begin; i < part.a_end; ++i) {
    if (const Seen& both = seen.at(a[i]); both.in_a == 1 && both.in_b == 1) {
      matches.push_back({i, both.b});
    }
  }
  return matches;
}

/// The longest run of matches that ascends in b too.
std::vector<Match> longest_ascending(const std::vector<Match>& matches) {
  constexpr std::size_t none = SIZE_MAX;
  std::vector<std::size_t> tops;  // tops[n]: the match that ends a run of n + 1 lowest in b
  std::vector<std::size_t> before(matches.size(), none);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const auto place = std::ranges::lower_bound(tops, matches[i].b, {},
                                                [&](std::size_t top) { return matches[top].b; });
    if (place != tops.begin()) {
      before[i] = *(place - 1);
    }
    if (place == tops.end()) {
      tops.push_back(i);
    } else {
      *place = i;
    }
  }
  std::vector<Match> run;
  for (std::size_t i = tops.empty() ? none : tops.back(); i != none; i = before[i]) {
    run.push_back(matches[i]);
  }
  std::ranges::reverse(run);
  return run;
}

class Aligner {
 public:
  Aligner(Sequence a, Sequence b, std::size_t edits_max) : a_(a), b_(b), edits_max_(edits_max) {}

  std::vector<Hunk> run() {
    pending_.push_back({0, a_.size(), 0, b_.size()});
    while (!pending_.empty()) {
      Hunk part = pending_.back();
      pending_.pop_back();
      part_way(part);
    }
    return std::move(hunks_);
  }

 private:
  /// Splits `part` at its anchors, the rest of it later, or settles it.
  void part_way(Hunk part) {
    while (part.a_begin < part.a_end && part.b_begin < part.b_end &&
           a_[part.a_begin] == b_[part.b_begin]) {
      ++part.a_begin;
      ++part.b_begin;
    }
    while (part.a_begin < part.a_end && part.b_begin < part.b_end &&
           a_[part.a_end - 1] == b_[part.b_end - 1]) {
      --part.a_end;
      --part.b_end;
    }
    if (part.a_begin == part.a_end || part.b_begin == part.b_end) {
      add(part);
      return;
    }
    const auto anchors = longest_ascending(unique_matches(a_, b_, part));
    if (anchors.empty()) {
      shortest_script(part);
      return;
    }
    // Last part on top of the stack last: the parts are settled from the front.
    std::vector<Hunk> between;
    for (const Match& anchor : anchors) {
      between.push_back({part.a_begin, anchor.a, part.b_begin, anchor.b});
      part.a_begin = anchor.a + 1;
      part.b_begin = anchor.b + 1;
    }
    between.push_back(part);
    pending_.insert(pending_.end(), between.rbegin(), between.rend());
  }

  /// E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy one: for
  /// each number of edits, how far in a each diagonal k = x - y gets; then back along the path.
  void shortest_script(const Hunk& part) {
    const Sequence a = a_.subspan(part.a_begin, part.a_end - part.a_begin);
    const Sequence b = b_.subspan(part.b_begin, part.b_end - part.b_begin);
    const auto n = static_cast<std::ptrdiff_t>(a.size());
    const auto m = static_cast<std::ptrdiff_t>(b.size());
    const std::ptrdiff_t limit =
        std::min(n + m, static_cast<std::ptrdiff_t>(std::min(edits_max_, a.size() + b.size())));
    std::vector<std::vector<std::ptrdiff_t>> reach;  // reach[d][k + d]
    for (std::ptrdiff_t d = 0; d <= limit; ++d) {
      auto& row = reach.emplace_back(static_cast<std::size_t>(2 * d + 1), -1);
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        std::ptrdiff_t x = d == 0 ? 0 : step(reach[static_cast<std::size_t>(d - 1)], d - 1, k);
        if (x < 0 || x > n || x - k > m) {
          continue;
        }
        while (x < n && x - k < m && a[at(x)] == b[at(x - k)]) {
          ++x;
        }
        row[at(k + d)] = x;
        if (x == n && x - k == m) {
          walk_back(reach, part, n, m);
          return;
        }
      }
    }
    add(part);
  }

  static std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

  /// Where diagonal k starts with one edit more than `row`, which has d of them; -1: nowhere.
  static std::ptrdiff_t step(const std::vector<std::ptrdiff_t>& row, std::ptrdiff_t d,
                             std::ptrdiff_t k) {
    const std::ptrdiff_t deleted = k - 1 >= -d ? row[at(k - 1 + d)] : -1;
    const std::ptrdiff_t inserted = k + 1 <= d ? row[at(k + 1 + d)] : -1;
    return std::max(deleted < 0 ? -1 : deleted + 1, inserted);
  }

  void walk_back(const std::vector<std::vector<std::ptrdiff_t>>& reach, const Hunk& part,
                 std::ptrdiff_t x, std::ptrdiff_t y) {
    std::vector<Hunk> edits;
    for (auto d = static_cast<std::ptrdiff_t>(reach.size()) - 1; d > 0; --d) {
      const auto& row = reach[at(d - 1)];
      const std::ptrdiff_t k = x - y;
      const std::ptrdiff_t deleted = k - 1 >= -(d - 1) ? row[at(k - 1 + d - 1)] : -1;
      const std::ptrdiff_t start = step(row, d - 1, k);
      const bool is_delete = deleted >= 0 && deleted + 1 == start;
      const std::ptrdiff_t from_x = is_delete ? start - 1 : start;
      const std::ptrdiff_t from_y = is_delete ? start - k : start - k - 1;
      edits.push_back({part.a_begin + at(from_x), part.a_begin + at(start),
                       part.b_begin + at(from_y), part.b_begin + at(start - k)});
      x = from_x;
      y = from_y;
    }
    for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
      add(*edit);
    }
  }

  /// Parts come from front to back; one that touches the last is one with it.
  void add(const Hunk& part) {
    if (part.a_begin == part.a_end && part.b_begin == part.b_end) {
      return;
    }
    if (!hunks_.empty() && hunks_.back().a_end == part.a_begin &&
        hunks_.back().b_end == part.b_begin) {
      hunks_.back().a_end = part.a_end;
      hunks_.back().b_end = part.b_end;
      return;
    }
    hunks_.push_back(part);
  }

  Sequence a_;
  Sequence b_;
  std::size_t edits_max_;
  std::vector<Hunk> pending_;
  std::vector<Hunk> hunks_;
};

}  // namespace

std::vector<Hunk> align(Sequence a, Sequence b, std::size_t edits_max) {
  return Aligner(a, b, edits_max).run();
}

std::vector<Hunk> pair_up(std::span<const Hunk> parts, Sequence a, Sequence b) {
  std::vector<Hunk> apart;
  for (const Hunk& part : parts) {
    const std::size_t in_a = part.a_end - part.a_begin;
    const std::size_t in_b = part.b_end - part.b_begin;
    if (in_a == 0 || in_b == 0 || (in_a == 1 && in_b == 1)) {
      apart.push_back(part);
      continue;
    }
    Match next{part.a_begin, part.b_begin};
    const auto pair_until = [&](std::size_t a_end) {
      for (; next.a < a_end; ++next.a, ++next.b) {
        apart.push_back({next.a, next.a + 1, next.b, next.b + 1});
      }
    };
    for (const Hunk& rest : align(a.subspan(part.a_begin, in_a), b.subspan(part.b_begin, in_b))) {
      pair_until(part.a_begin + rest.a_begin);
      apart.push_back({part.a_begin + rest.a_begin, part.a_begin + rest.a_end,
                       part.b_begin + rest.b_begin, part.b_begin + rest.b_end});
      next = {apart.back().a_end, apart.back().b_end};
    }
    pair_until(part.a_end);
  }
  return apart;
}

}  // namespace tapedeck::verdict
